//! Passwords: verdicts, imported hashes, and what a full queue answers.

use std::time::{Duration, Instant};

use super::*;

fn passwords() -> Arc<Passwords> {
    Passwords::new(PasswordCost::test(), 2, 64)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

const RIGHT: Verdict = Verdict::Right { rehash: false };
const OUTDATED: Verdict = Verdict::Right { rehash: true };

#[tokio::test]
async fn the_right_password_is_right_and_another_is_wrong() {
    let passwords = passwords();
    let stored = passwords.hash(secret("correct")).await.unwrap();
    assert!(
        stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
        "{stored}"
    );
    let verify = async |text| {
        passwords
            .verify(secret(text), Some(stored.clone()))
            .await
            .unwrap()
    };
    assert_eq!(verify("correct").await, RIGHT);
    for wrong in ["Correct", "correct ", "correc", ""] {
        assert_eq!(verify(wrong).await, Verdict::Wrong, "{wrong:?}");
    }
}

#[tokio::test]
async fn the_same_password_is_stored_differently_each_time() {
    let passwords = passwords();
    let one = passwords.hash(secret("same")).await.unwrap();
    assert_ne!(one, passwords.hash(secret("same")).await.unwrap());
}

#[tokio::test]
async fn without_a_stored_hash_every_password_is_wrong() {
    let passwords = passwords();
    for text in ["", "anything"] {
        let verdict = passwords.verify(secret(text), None).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong);
    }
}

#[test]
fn without_a_stored_hash_the_same_memory_is_worked_through() {
    let cost = PasswordCost {
        memory_kib: 1024,
        passes: 16,
        lanes: 1,
    };
    let mut bench = Bench {
        cost,
        memory: Vec::new(),
    };
    let stored = bench.hash(b"x").unwrap();
    let fastest = |bench: &mut Bench, stored: Option<&str>| {
        let once = |bench: &mut Bench| {
            let start = Instant::now();
            bench.verify(b"y", stored).unwrap();
            start.elapsed()
        };
        (0..5).map(|_| once(bench)).min().unwrap()
    };
    let known = fastest(&mut bench, Some(&stored));
    let unknown = fastest(&mut bench, None);
    // The shortest of five, and a wide margin: a loaded machine must not decide this.
    assert!(unknown > known / 3, "{unknown:?} against {known:?}");
}

#[tokio::test]
async fn a_password_beyond_the_limit_is_too_long_and_at_the_limit_is_not() {
    let passwords = passwords();
    let longest = "x".repeat(MAX_PASSWORD_BYTES);
    assert!(passwords.hash(secret(&longest)).await.is_ok());
    let longer = format!("{longest}x");
    assert_eq!(
        passwords.hash(secret(&longer)).await,
        Err(PasswordError::TooLong)
    );
    assert_eq!(
        passwords.verify(secret(&longer), None).await,
        Err(PasswordError::TooLong)
    );
}

#[tokio::test]
async fn a_full_queue_answers_busy_at_once() {
    // No thread takes anything from this queue.
    let (queue, held) = sync_channel(1);
    let passwords = Passwords { queue };
    let (answer, _waiting) = oneshot::channel();
    passwords.ask(Task::Hash(answer), secret("one")).unwrap();
    assert_eq!(
        passwords.hash(secret("two")).await,
        Err(PasswordError::Busy)
    );
    assert_eq!(
        passwords.verify(secret("two"), None).await,
        Err(PasswordError::Busy)
    );
    drop(held);
    assert_eq!(
        passwords.hash(secret("two")).await,
        Err(PasswordError::Internal)
    );
}

#[tokio::test]
async fn whoever_has_gone_away_is_not_worked_for() {
    let (queue, receiver) = sync_channel(8);
    let passwords = Passwords { queue };
    let costly = PasswordCost {
        memory_kib: 64 * 1024,
        passes: 16,
        lanes: 1,
    };
    for _ in 0..8 {
        let (answer, _) = oneshot::channel();
        passwords.ask(Task::Hash(answer), secret("gone")).unwrap();
    }
    drop(passwords);
    let start = Instant::now();
    work(&Mutex::new(receiver), costly);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_flood_does_not_stop_the_runtime() {
    let cost = PasswordCost {
        memory_kib: 4096,
        passes: 4,
        lanes: 1,
    };
    let passwords = Passwords::new(cost, 1, 64);
    let flood: Vec<_> = (0..16)
        .map(|_| {
            let passwords = Arc::clone(&passwords);
            tokio::spawn(async move { passwords.verify(secret("x"), None).await })
        })
        .collect();
    // On a runtime of one thread this line is only reached if nothing above blocks it.
    tokio::task::yield_now().await;
    assert!(flood.iter().any(|login| !login.is_finished()));
    for login in flood {
        assert_eq!(login.await.unwrap(), Ok(Verdict::Wrong));
    }
}

#[tokio::test]
async fn a_hash_of_less_than_todays_cost_is_to_be_made_anew() {
    let today = PasswordCost {
        memory_kib: 64,
        passes: 2,
        lanes: 2,
    };
    let passwords = Passwords::new(today, 1, 8);
    for (memory_kib, passes, lanes, expected) in [
        (64, 2, 2, RIGHT),
        (128, 3, 3, RIGHT),
        (63, 2, 2, OUTDATED),
        (64, 1, 2, OUTDATED),
        (64, 2, 1, OUTDATED),
    ] {
        let cost = PasswordCost {
            memory_kib,
            passes,
            lanes,
        };
        let older = Passwords::new(cost, 1, 8);
        let stored = older.hash(secret("x")).await.unwrap();
        let verdict = passwords.verify(secret("x"), Some(stored)).await;
        assert_eq!(verdict, Ok(expected), "{cost:?}");
    }
}

#[test]
fn the_memory_an_imported_hash_needs_is_given_back() {
    let mut strong = Bench {
        cost: PasswordCost {
            memory_kib: 256,
            passes: 1,
            lanes: 1,
        },
        memory: Vec::new(),
    };
    let stored = strong.hash(b"x").unwrap();
    assert_eq!(strong.memory.len(), 256, "kept for the next");
    let mut bench = Bench {
        cost: PasswordCost::test(),
        memory: Vec::new(),
    };
    assert_eq!(bench.verify(b"x", Some(&stored)), Ok(RIGHT));
    assert!(bench.memory.capacity() <= 8);
    // Used memory changes nothing.
    assert_eq!(strong.verify(b"x", Some(&stored)), Ok(RIGHT));
    assert_eq!(strong.verify(b"y", Some(&stored)), Ok(Verdict::Wrong));
}

/// argon2id made by the reference implementation: password "password", salt "somesalt", m=65536, t=2, p=1.
const REFERENCE: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

#[tokio::test]
async fn a_hash_of_the_reference_implementation_verifies() {
    let passwords = passwords();
    let stored = Some(REFERENCE.to_owned());
    assert_eq!(
        passwords.verify(secret("password"), stored).await,
        Ok(RIGHT)
    );
}

#[tokio::test]
async fn imported_pbkdf2_hashes_verify_and_are_to_be_made_anew() {
    // RFC 7914 section 11 gives PBKDF2-HMAC-SHA256("Password", "NaCl", 80000); salts here need 8 bytes, so these two
    // were made with Python's hashlib.
    let imported = [IMPORTED_SHA256, IMPORTED_SHA512];
    let passwords = passwords();
    for stored in imported {
        assert_eq!(check_hash(stored), Ok(()));
        let verify = |text| passwords.verify(secret(text), Some(stored.to_owned()));
        assert_eq!(verify("correct horse").await, Ok(OUTDATED));
        assert_eq!(verify("wrong horse").await, Ok(Verdict::Wrong));
    }
}

#[test]
fn foreign_and_costly_hashes_are_refused_with_their_reason() {
    use HashFormatError::{Malformed, TooCostly, Unsupported};

    let tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let refused = |phc: &str| check_hash(phc).unwrap_err();
    let bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    assert_eq!(check_hash(bcrypt), Ok(()));
    assert!(matches!(
        refused(&bcrypt.replace("$10$", "$16$")),
        TooCostly(_)
    ));
    assert_eq!(refused("$2b$10$x"), Malformed);
    let scrypt = |params: &str| format!("$scrypt${params}{tail}");
    assert_eq!(check_hash(&scrypt("ln=16,r=8,p=1")), Ok(()));
    assert!(matches!(refused(&scrypt("ln=19,r=8,p=1")), TooCostly(_)));
    assert_eq!(refused(&scrypt("ln=16")), Malformed);
    assert_eq!(refused("$y$j9T$salt$hash"), Unsupported("yescrypt"));
    for costly in ["m=262145,t=1,p=1", "m=64,t=17,p=1", "m=4096,t=1,p=17"] {
        let phc = format!("$argon2id$v=19${costly}{tail}");
        assert!(matches!(refused(&phc), TooCostly(_)), "{phc}");
    }
    let phc = format!("$pbkdf2-sha256$i=4000001{tail}");
    assert!(matches!(refused(&phc), TooCostly(_)));
    for phc in [
        "",
        "plain",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
        &format!("$argon2id$v=19$m=8,t=1,p=4294967295{tail}"),
        &format!("$argon2id$v=18$m=8,t=1,p=1{tail}"),
        &format!("$argon2id$v=19$m=7,t=1,p=1{tail}"),
        &format!("$argon2id$v=19$m=8,t=0,p=1{tail}"),
        &format!("$pbkdf2-sha256$i=0{tail}"),
        &format!("$pbkdf2-sha256{tail}"),
    ] {
        assert_eq!(refused(phc), Malformed, "{phc}");
    }
    assert_eq!(check_hash(REFERENCE), Ok(()));
}

#[tokio::test]
async fn an_unreadable_stored_hash_is_an_error_and_not_a_wrong_password() {
    let stored = Some("$2b$10$whatever".to_owned());
    assert_eq!(
        passwords().verify(secret("x"), stored).await,
        Err(PasswordError::Internal)
    );
}

#[tokio::test]
async fn a_cost_that_could_not_be_verified_is_not_hashed_with() {
    for (memory_kib, passes, lanes) in [
        (1, 1, 1),
        (262_145, 1, 1),
        (8, 17, 1),
        (256, 1, 17),
        (8, 0, 1),
    ] {
        let cost = PasswordCost {
            memory_kib,
            passes,
            lanes,
        };
        let passwords = Passwords::new(cost, 1, 1);
        assert_eq!(
            passwords.hash(secret("x")).await,
            Err(PasswordError::Internal)
        );
    }
}

#[test]
fn the_default_cost_is_that_of_owasp_and_works() {
    let mut bench = Bench {
        cost: PasswordCost::default(),
        memory: Vec::new(),
    };
    let stored = bench.hash(b"x").unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(bench.verify(b"x", Some(&stored)), Ok(RIGHT));
}

#[test]
fn a_panic_costs_one_answer() {
    let mut bench = Bench {
        cost: PasswordCost::test(),
        memory: Vec::new(),
    };
    let answer: Result<(), _> = bench.guarded(|_| panic!("on purpose"));
    assert_eq!(answer, Err(PasswordError::Internal));
    assert!(bench.guarded(|bench| bench.hash(b"x")).is_ok());
}

const IMPORTED_SHA256: &str =
    "$pbkdf2-sha256$i=27500$MDEyMzQ1Njc4OWFiY2RlZg$H5R9LZ0QvKxHLm1Lg0IeQXdtUAa+9gf2NeOZns+WHBQ";
const IMPORTED_SHA512: &str = "$pbkdf2-sha512$i=27500$MDEyMzQ1Njc4OWFiY2RlZg$n/byU5sFiDppa9VEj7QIQt8AQZ5u3xWBxgB7Lmy/UADnRN+judBrslsPaTt7pNOWpiGziFjB0zxZ88opfaZKqQ";

#[tokio::test]
async fn a_hash_of_elsewhere_is_verified_and_wants_to_be_upgraded() {
    let passwords = passwords();
    // Made by other programs: crypt_blowfish's own vector, and Python's hashlib.
    let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    let scrypt =
        "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$VBc2h9Jl5DImvZFLAVJn4v3UEIqgWTf7VJ7OsMJ2ooU";
    for (stored, right) in [(bcrypt, "U*U"), (scrypt, "pleaseletmein")] {
        let verify = async |password| {
            passwords
                .verify(secret(password), Some(stored.to_owned()))
                .await
                .unwrap()
        };
        assert!(
            matches!(verify(right).await, Verdict::Right { rehash: true }),
            "{stored}"
        );
        assert!(
            matches!(verify("another").await, Verdict::Wrong),
            "{stored}"
        );
    }
}
