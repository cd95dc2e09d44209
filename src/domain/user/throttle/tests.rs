//! Guesses are slowed, nobody is locked out, and an administrator sees and lifts a wait.

use super::*;

const REALM: RealmId = RealmId(1);
const NOW: Timestamp = Timestamp(1_000_000_000);

fn tries(throttle: &Throttle, now: Timestamp, who: &str, ip: &str) -> Result<Attempt, Span> {
    throttle.admit(now, REALM, who, ip, false)
}

#[test]
fn a_few_slips_are_free_then_waits_double_up_to_half_a_minute() {
    let throttle = Throttle::default();
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..5 {
        assert!(tries(&throttle, now, "alice", "192.0.2.1").is_ok());
    }
    for _ in 0..8 {
        assert!(tries(&throttle, now, "alice", "192.0.2.1").is_ok());
        let wait = tries(&throttle, now, "Alice", "192.0.2.1").err().unwrap();
        waits.push(wait.whole_secs());
        now = now.plus(wait);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
}

#[test]
fn nobody_waits_for_somebody_elses_slips() {
    let throttle = Throttle::default();
    for _ in 0..7 {
        let _ = tries(&throttle, NOW, "alice", "192.0.2.1");
    }
    assert!(tries(&throttle, NOW, "alice", "192.0.2.1").is_err());
    assert!(tries(&throttle, NOW, "alice", "192.0.2.2").is_ok());
    assert!(tries(&throttle, NOW, "bob", "192.0.2.1").is_ok());
    assert!(
        throttle
            .admit(NOW, RealmId(2), "alice", "192.0.2.1", false)
            .is_ok()
    );
}

#[test]
fn one_household_of_ipv6_is_one_address() {
    let throttle = Throttle::default();
    for host in 1..=6 {
        assert!(tries(&throttle, NOW, "alice", &format!("2001:db8::{host}")).is_ok());
    }
    assert!(tries(&throttle, NOW, "alice", "2001:db8::ffff").is_err());
    assert!(tries(&throttle, NOW, "alice", "2001:db8:0:1::1").is_ok());
}

#[test]
fn guesses_from_everywhere_slow_the_name_but_not_a_browser_its_owner_used() {
    let throttle = Throttle::default();
    for host in 0..21 {
        assert!(tries(&throttle, NOW, "alice", &format!("198.51.100.{host}")).is_ok());
    }
    let wait = tries(&throttle, NOW, "alice", "203.0.113.1").err().unwrap();
    assert!(wait <= Span::secs(15));
    assert!(
        throttle
            .admit(NOW, REALM, "alice", "203.0.113.1", true)
            .is_ok()
    );
    assert!(tries(&throttle, NOW.plus(wait), "alice", "203.0.113.1").is_ok());
}

#[test]
fn a_right_password_takes_its_charge_back() {
    let throttle = Throttle::default();
    for _ in 0..100 {
        let attempt = tries(&throttle, NOW, "alice", "192.0.2.1").ok().unwrap();
        throttle.forgive(attempt, NOW, true);
    }
}

#[test]
fn a_wait_is_seen_and_lifted_for_every_address() {
    let throttle = Throttle::default();
    assert_eq!(throttle.held(NOW, REALM, "alice"), None);
    for _ in 0..6 {
        let _ = tries(&throttle, NOW, "alice", "192.0.2.1");
    }
    let held = throttle.held(NOW, REALM, "Alice").unwrap();
    assert_eq!((held.tries, held.anywhere), (6, false));
    assert_eq!(held.until, NOW.plus(Span::secs(1)));
    assert_eq!(throttle.held(NOW, RealmId(2), "alice"), None);
    throttle.lift(NOW, REALM, "alice");
    assert_eq!(throttle.held(NOW, REALM, "alice"), None);
    let later = NOW.plus(Span(1));
    for _ in 0..5 {
        assert!(tries(&throttle, later, "alice", "192.0.2.1").is_ok());
        assert_eq!(throttle.held(later, REALM, "alice"), None);
    }
    for host in 0..21 {
        let _ = tries(&throttle, later, "bob", &format!("198.51.100.{host}"));
    }
    assert!(throttle.held(later, REALM, "bob").unwrap().anywhere);
}

#[test]
fn whoever_signs_in_is_not_shown_as_waiting() {
    let throttle = Throttle::default();
    let mut last = None;
    for _ in 0..6 {
        last = tries(&throttle, NOW, "alice", "192.0.2.1").ok();
    }
    assert!(throttle.held(NOW, REALM, "alice").is_some());
    throttle.forgive(last.unwrap(), NOW, true);
    assert_eq!(throttle.held(NOW, REALM, "alice"), None);
}

#[test]
fn guesses_at_codes_are_slowed_by_address_and_by_browser() {
    let throttle = Throttle::default();
    let guess = |browser: &str, ip: &str| throttle.admit_code(NOW, REALM, browser, ip);
    // Many browsers at one address.
    for browser in 0..6 {
        assert!(guess(&format!("b{browser}"), "192.0.2.1").is_ok());
    }
    assert!(guess("b7", "192.0.2.1").is_err());
    // One browser at many addresses.
    for host in 0..6 {
        assert!(guess("roams", &format!("198.51.100.{host}")).is_ok());
    }
    assert!(guess("roams", "198.51.100.99").is_err());
    // A password is another matter, and so is a right code: its own charge and no more.
    assert!(tries(&throttle, NOW, "alice", "192.0.2.1").is_ok());
    for _ in 0..100 {
        let attempt = guess("own", "203.0.113.1").ok().unwrap();
        throttle.forgive(attempt, NOW, false);
    }
    for browser in 0..5 {
        assert!(guess(&format!("c{browser}"), "203.0.113.1").is_ok());
    }
    let right = guess("own", "203.0.113.1").ok().unwrap();
    throttle.forgive(right, NOW, false);
    assert!(guess("c6", "203.0.113.1").is_ok());
    assert!(guess("c7", "203.0.113.1").is_err());
}

#[test]
fn an_hour_later_everything_is_forgotten() {
    let throttle = Throttle::default();
    for _ in 0..7 {
        let _ = tries(&throttle, NOW, "alice", "192.0.2.1");
    }
    for _ in 0..5 {
        assert!(tries(&throttle, NOW.plus(Span::hours(1)), "alice", "192.0.2.1").is_ok());
    }
}
