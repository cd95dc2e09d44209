//! Sealing, MACs, and several keys at once.

use super::*;

fn vault() -> Vault {
    Vault::from_key([7; 32])
}

fn of(keys: &[u8]) -> Vault {
    let keys: Vec<MasterKey> = keys.iter().map(|k| Zeroizing::new([*k; 32])).collect();
    Vault::from_keys(&keys).unwrap()
}

#[test]
fn what_is_sealed_opens_in_its_own_context_only() {
    let sealed = vault().seal("keys/one", b"private").unwrap();
    assert_eq!(vault().open("keys/one", &sealed).unwrap(), b"private");
    assert!(matches!(
        vault().open("keys/two", &sealed),
        Err(VaultError::Refused)
    ));
    let other = Vault::from_key([8; 32]);
    assert!(matches!(
        other.open("keys/one", &sealed),
        Err(VaultError::UnknownKey(id)) if id == vault().current()
    ));
}

#[test]
fn a_sealed_value_changed_anywhere_does_not_open() {
    let sealed = vault().seal("a", b"text").unwrap();
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(vault().open("a", &changed).is_err(), "byte {place}");
    }
    for length in 0..sealed.len() {
        assert!(vault().open("a", &sealed[..length]).is_err(), "{length}");
    }
}

#[test]
fn sealing_twice_never_looks_the_same() {
    let vault = vault();
    assert_ne!(
        vault.seal("a", b"text").unwrap(),
        vault.seal("a", b"text").unwrap()
    );
}

#[test]
fn what_is_sealed_once_opens_by_its_own_name_only() {
    let sealed = vault().seal_once("token", b"one", b"plain").unwrap();
    let open = |vault: Vault, purpose: &str, name: &[u8], sealed: &[u8]| {
        vault.open_once(purpose, name, sealed).ok()
    };
    assert_eq!(
        open(vault(), "token", b"one", &sealed).unwrap(),
        b"plain".to_vec()
    );
    assert_eq!(open(vault(), "token", b"two", &sealed), None);
    assert_eq!(open(vault(), "other", b"one", &sealed), None);
    assert_eq!(
        open(Vault::from_key([8; 32]), "token", b"one", &sealed),
        None
    );
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(open(vault(), "token", b"one", &changed), None, "{at}");
        assert_eq!(open(vault(), "token", b"one", &sealed[..at]), None);
    }
}

#[test]
fn macs_differ_by_purpose_by_key_and_by_where_a_part_ends() {
    let mac = vault().mac("cookie", &[b"ab", b"c"]);
    assert_eq!(mac, vault().mac("cookie", &[b"ab", b"c"]));
    assert_ne!(mac, vault().mac("cursor", &[b"ab", b"c"]));
    assert_ne!(mac, vault().mac("cookie", &[b"a", b"bc"]));
    assert_ne!(mac, vault().mac("cookie", &[b"abc"]));
    assert_ne!(mac, Vault::from_key([8; 32]).mac("cookie", &[b"ab", b"c"]));
    assert!(vault().made(&mac, "cookie", &[b"ab", b"c"]));
    assert!(!vault().made(&mac, "cookie", &[b"abc"]));
    assert!(!vault().made(&mac[..31], "cookie", &[b"ab", b"c"]));
}

#[test]
fn a_new_key_seals_and_the_old_one_still_opens_until_it_is_gone() {
    let before = of(&[1]);
    let sealed = before.seal("a", b"text").unwrap();
    let once = before.seal_once("p", b"n", b"text").unwrap();
    let mac = before.mac("p", &[b"x"]);

    let both = of(&[2, 1]);
    assert_eq!(both.current(), of(&[2]).current());
    assert_eq!(both.open("a", &sealed).unwrap(), b"text");
    assert_eq!(both.open_once("p", b"n", &once).unwrap(), b"text");
    assert!(both.made(&mac, "p", &[b"x"]) && both.mac("p", &[b"x"]) != mac);
    let again = both.seal("a", b"text").unwrap();
    assert_eq!(KeyId::of(&again), Some(both.current()));
    assert_eq!(KeyId::of(&sealed), Some(before.current()));

    let after = of(&[2]);
    assert_eq!(after.open("a", &again).unwrap(), b"text");
    assert!(matches!(
        after.open("a", &sealed),
        Err(VaultError::UnknownKey(_))
    ));
    assert!(!after.made(&mac, "p", &[b"x"]));
}

#[test]
fn keys_read_anew_do_not_change_by_themselves_which_one_seals() {
    let vault = of(&[1]);
    let (old, new) = (of(&[1]).current(), of(&[2]).current());
    vault.learn(&[Zeroizing::new([2; 32]), Zeroizing::new([1; 32])]);
    assert_eq!(vault.current(), old);
    assert!(vault.seal_with(new));
    assert_eq!(vault.current(), new);
    assert!(!vault.seal_with(of(&[3]).current()));
    vault.learn(&[Zeroizing::new([2; 32])]);
    assert_eq!(vault.known().len(), 1);
    vault.learn(&[]);
    assert_eq!(vault.known().len(), 1);
}
