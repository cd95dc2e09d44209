//! Invented people: the same number is always the same person, with the same organisation and habits.

use unicode_normalization::UnicodeNormalization as _;

/// A person, by number.
pub(super) struct Person {
    /// `amira.haddad`, with a number once all pairs of names are used up.
    pub(super) username: String,
    /// `Amira Haddad`.
    pub(super) name: String,
    pub(super) given: &'static str,
    pub(super) family: &'static str,
    pub(super) email: String,
    pub(super) organisation: &'static str,
    office: u8,
    number: u32,
}

impl Person {
    /// The person of this number.
    pub(super) fn of(number: u32) -> Person {
        let pairs = (GIVEN.len() * FAMILY.len()) as u64;
        // A step that shares no factor with the number of pairs meets every pair once before any comes again.
        let pair = (u64::from(number) % pairs * STEP % pairs) as usize;
        let round = u64::from(number) / pairs;
        let (given, family) = (
            at(&GIVEN, pair % GIVEN.len()),
            at(&FAMILY, pair / GIVEN.len()),
        );
        let mut username = format!("{}.{}", plain(given), plain(family));
        if round > 0 {
            username.push_str(&(round + 1).to_string());
        }
        let office = (pick(u64::from(number)) % ORGANISATIONS.len() as u64) as u8;
        let (organisation, domain) = at(&ORGANISATIONS, office.into());
        Person {
            email: format!("{username}@{domain}"),
            username,
            name: format!("{given} {family}"),
            given,
            family,
            organisation,
            office,
            number,
        }
    }

    /// Where a session of theirs comes from: mostly the office, else home, now and then IPv6. Private, shared and
    /// documentation addresses only (RFC 1918, RFC 6598, RFC 3849).
    pub(super) fn address(&self, chance: u64) -> String {
        let home = pick(u64::from(self.number) ^ 0x686f_6d65);
        match chance >> 20 & 15 {
            0..10 => format!(
                "10.{}.{}.{}",
                20 + self.office,
                chance >> 32 & 15,
                1 + (chance >> 40) % 250
            ),
            10..15 => format!(
                "100.{}.{}.{}",
                64 + (home & 63),
                home >> 8 & 255,
                1 + (home >> 16) % 250
            ),
            _ => format!("2001:db8:{:x}::{:x}", home & 0xffff, 1 + (chance >> 48)),
        }
    }

    /// What a session of theirs runs on: everybody has one computer and one telephone.
    pub(super) fn user_agent(&self, chance: u64) -> &'static str {
        let mine = pick(u64::from(self.number) ^ 0x6465_766b) as usize;
        if chance >> 24 & 3 == 0 {
            at(&TELEPHONES, mine % TELEPHONES.len())
        } else {
            at(&COMPUTERS, mine % COMPUTERS.len())
        }
    }
}

/// A number that looks like chance and is the same every time.
pub(in crate::cli) fn pick(of: u64) -> u64 {
    let mut x = of.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for factor in [0xbf58_476d_1ce4_e5b9_u64, 0x94d0_49bb_1331_11eb] {
        x = (x ^ (x >> 30)).wrapping_mul(factor);
    }
    x ^ (x >> 31)
}

/// Whether this is an organisation of invented people.
pub(in crate::cli) fn is_invented(organisation: &str) -> bool {
    ORGANISATIONS.iter().any(|(name, _)| *name == organisation)
}

fn at<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

/// The letters of a name that an address has.
fn plain(name: &str) -> String {
    name.nfd()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

const STEP: u64 = 1_000_003;

const GIVEN: [&str; 64] = [
    "Aaliyah",
    "Adam",
    "Agnes",
    "Aiko",
    "Alejandro",
    "Amira",
    "Ana",
    "Anders",
    "Anna",
    "Arjun",
    "Beatriz",
    "Bruno",
    "Camille",
    "Carlos",
    "Chiara",
    "Chloé",
    "Daniel",
    "Daria",
    "David",
    "Elena",
    "Emeka",
    "Emma",
    "Erik",
    "Fatima",
    "Felix",
    "Freya",
    "Gabriel",
    "Grace",
    "Hana",
    "Hugo",
    "Ibrahim",
    "Inés",
    "Ingrid",
    "Isla",
    "Jakub",
    "Jonas",
    "José",
    "Julia",
    "Kaito",
    "Karim",
    "Katarina",
    "Kwame",
    "Lars",
    "Leila",
    "Lucía",
    "Luka",
    "Maja",
    "Marek",
    "Maria",
    "Mateo",
    "Mei",
    "Nadia",
    "Noah",
    "Olga",
    "Omar",
    "Paolo",
    "Priya",
    "Rania",
    "Samuel",
    "Sofia",
    "Thomas",
    "Viktor",
    "Yuki",
    "Zoë",
];

const FAMILY: [&str; 80] = [
    "Adeyemi",
    "Ahmed",
    "Almeida",
    "Andersson",
    "Bakker",
    "Bauer",
    "Becker",
    "Bernard",
    "Bianchi",
    "Boateng",
    "Brown",
    "Castillo",
    "Chen",
    "Clarke",
    "Costa",
    "Dahl",
    "Das",
    "Davies",
    "Diaz",
    "Dubois",
    "Eriksen",
    "Evans",
    "Ferrari",
    "Fischer",
    "Flores",
    "Fontaine",
    "Garcia",
    "Gomez",
    "Gruber",
    "Gupta",
    "Haddad",
    "Hansen",
    "Hassan",
    "Hoffmann",
    "Horvat",
    "Ito",
    "Ivanova",
    "Jansen",
    "Johnson",
    "Kaur",
    "Keller",
    "Kelly",
    "Khan",
    "Kim",
    "Kovacs",
    "Kowalski",
    "Laurent",
    "Lee",
    "Lehmann",
    "Lindberg",
    "Lopez",
    "Mahmoud",
    "Martin",
    "Mensah",
    "Meyer",
    "Moreau",
    "Murphy",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Oliveira",
    "Papadopoulos",
    "Patel",
    "Petrov",
    "Popescu",
    "Rahman",
    "Ricci",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Smith",
    "Tanaka",
    "Torres",
    "Virtanen",
    "Wagner",
    "Walker",
    "Yilmaz",
];

const ORGANISATIONS: [(&str, &str); 16] = [
    ("Acme Industries", "acme.example"),
    ("Northwind Logistics", "northwind.example"),
    ("Brightwater Health", "brightwater.example"),
    ("Contoso Energy", "contoso.example"),
    ("Fjord Shipping", "fjord.example"),
    ("Harbour & Vine", "harbourvine.example"),
    ("Helios Solar", "helios.example"),
    ("Juniper Books", "juniper.example"),
    ("Kestrel Aviation", "kestrel.example"),
    ("Larch University", "larch.example"),
    ("Meridian Bank", "meridian.example"),
    ("Oakfield Council", "oakfield.example"),
    ("Pinecrest Schools", "pinecrest.example"),
    ("Quarry Steel", "quarry.example"),
    ("Saffron Kitchens", "saffron.example"),
    ("Tidewater Insurance", "tidewater.example"),
];

const COMPUTERS: [&str; 7] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 \
     Edg/142.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
     Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 \
     Safari/605.1.15",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
];

const TELEPHONES: [&str; 3] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 \
     Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_numbers_are_one_person() {
        let names: HashSet<String> = (0..20_000).map(|n| Person::of(n).username).collect();
        assert_eq!(names.len(), 20_000);
        assert_eq!(Person::of(7).username, Person::of(7).username);
    }

    #[test]
    fn names_addresses_and_devices_are_what_the_server_takes() {
        let mut devices = HashSet::new();
        for number in 0..5000 {
            let person = Person::of(number);
            assert_eq!(
                crate::domain::user::check_username(&person.username),
                Ok(())
            );
            assert!(person.username.is_ascii(), "{}", person.username);
            let chance = pick(u64::from(number) * 31);
            let address = person.address(chance);
            assert!(address.parse::<std::net::IpAddr>().is_ok(), "{address}");
            let device = crate::domain::session::Device::parse(person.user_agent(chance));
            assert_ne!(
                (device.os.as_str(), device.browser.as_str()),
                ("Unknown", "Unknown")
            );
            devices.insert((device.os, device.browser));
        }
        assert!(devices.len() >= 8, "{devices:?}");
    }
}
