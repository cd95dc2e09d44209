//! Where the client goes and where it does not.

use super::*;
use crate::deliver::outbound::address::Allowed;

/// Forms of addresses that are refused, and a word of the reason.
const REFUSED: &[(&str, &str)] = &[
    // Loopback, in every notation that parsers read as a number.
    ("https://127.0.0.1/", "loopback"),
    ("https://127.1/", "loopback"),
    ("https://127.255.255.254/", "loopback"),
    ("https://2130706433/", "loopback"),
    ("https://0x7f000001/", "loopback"),
    ("https://0x7f.1/", "loopback"),
    ("https://0177.0.0.1/", "loopback"),
    ("https://017700000001/", "loopback"),
    ("https://127.0.0.1./", "loopback"),
    ("https://%31%32%37.0.0.1/", "loopback"),
    ("https://１２７.0.0.1/", "loopback"),
    ("https://127。0。0。1/", "loopback"),
    ("https://[::1]/", "loopback"),
    ("https://[0:0:0:0:0:0:0:1]/", "loopback"),
    ("https://localhost/", "loopback"),
    ("https://LOCALHOST./", "loopback"),
    ("https://app.localhost/", "loopback"),
    // The other special ranges of IPv4.
    ("https://0.0.0.0/", "unspecified"),
    ("https://0/", "unspecified"),
    ("https://0.1.2.3/", "this network"),
    ("https://10.0.0.1/", "private"),
    ("https://172.16.0.1/", "private"),
    ("https://172.31.255.255/", "private"),
    ("https://192.168.1.1/", "private"),
    ("https://100.64.0.1/", "carrier-grade"),
    ("https://100.100.100.200/", "carrier-grade"),
    ("https://169.254.169.254/latest/meta-data", "link-local"),
    ("https://192.0.0.8/", "protocol"),
    ("https://192.0.2.1/", "documentation"),
    ("https://198.51.100.1/", "documentation"),
    ("https://203.0.113.1/", "documentation"),
    ("https://192.88.99.1/", "6to4"),
    ("https://198.18.0.1/", "benchmarking"),
    ("https://198.19.255.255/", "benchmarking"),
    ("https://224.0.0.1/", "multicast"),
    ("https://239.255.255.255/", "multicast"),
    ("https://240.0.0.1/", "reserved"),
    ("https://255.255.255.255/", "broadcast"),
    ("https://168.63.129.16/", "cloud"),
    // Of IPv6.
    ("https://[::]/", "unspecified"),
    ("https://[fc00::1]/", "unique local"),
    ("https://[fd00:ec2::254]/", "unique local"),
    ("https://[fe80::1]/", "link-local"),
    ("https://[febf::1]/", "link-local"),
    ("https://[fec0::1]/", "site-local"),
    ("https://[ff02::1]/", "multicast"),
    ("https://[2001:db8::1]/", "documentation"),
    ("https://[3fff::1]/", "documentation"),
    ("https://[2001:2::1]/", "benchmarking"),
    ("https://[2001:20::1]/", "protocol"),
    ("https://[100::1]/", "discard"),
    ("https://[5f00::1]/", "segment"),
    ("https://[4000::1]/", "reserved"),
    // IPv4 inside IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo (server, then client), ISATAP.
    ("https://[::ffff:127.0.0.1]/", "loopback"),
    ("https://[::ffff:a00:1]/", "private"),
    ("https://[::ffff:169.254.169.254]/", "link-local"),
    ("https://[::127.0.0.1]/", "compatible"),
    ("https://[::8.8.8.8]/", "compatible"),
    ("https://[::ffff:0:127.0.0.1]/", "reserved"),
    ("https://[64:ff9b::10.0.0.1]/", "private"),
    ("https://[64:ff9b::7f00:1]/", "loopback"),
    ("https://[64:ff9b:1::8.8.8.8]/", "NAT64"),
    ("https://[2002:7f00:1::1]/", "loopback"),
    ("https://[2002:c0a8:101::]/", "private"),
    ("https://[2001:0:a00:1:0:0:f7f7:f7f7]/", "private"),
    ("https://[2001:0:808:808:0:0:80ff:fffe]/", "loopback"),
    ("https://[2a00:1450::5efe:10.0.0.1]/", "private"),
    ("https://[2a00:1450::200:5efe:10.0.0.1]/", "private"),
    // What is no address of an application at all.
    ("http://8.8.8.8/", "use https"),
    ("https://user@app.example/", "user name"),
    ("https://:secret@app.example/", "user name"),
    ("https://@app.example/", "user name"),
    ("https://app.example/#there", "fragment"),
    ("https://app.example/#", "fragment"),
    ("https://app.example:0/", "port 0"),
    ("ftp://app.example/", "neither"),
    ("file:///etc/passwd", "neither"),
    ("gopher://127.0.0.1/", "neither"),
    ("https://", "no URL"),
    ("/logout", "no URL"),
    ("https://256.0.0.1/", "no URL"),
    ("https://app.example/a b", "space"),
    ("https://app.example/\r\nx: y", "control"),
    ("https:\\\\127.0.0.1\\", "backslash"),
    ("ht\ttps://app.example/", "control"),
];

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_in_every_form() {
    let book = Book::new(&[&["8.8.8.8"]]);
    let outbound = outbound(&[], book.clone());
    for (url, word) in REFUSED {
        let why = refused(send(&outbound, url).await);
        assert!(why.contains(word), "{url}: {why}");
    }
    assert_eq!(book.looked(), 0, "none of these is asked for");
}

#[test]
fn public_addresses_are_not_refused() {
    let nothing = Allowed::new(Vec::new());
    for ip in [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "192.0.1.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2001:0:808:808:0:0:f7f7:f7f7",
        "2a00:1450::5efe:8.8.8.8",
    ] {
        assert_eq!(nothing.judge(ip.parse().unwrap()), None, "{ip}");
    }
}

#[test]
fn opened_networks_are_open_also_inside_other_addresses_and_no_further() {
    let allowed = Allowed::new(vec![
        "10.0.0.0/8".parse().unwrap(),
        "fd00:1::/32".parse().unwrap(),
        "0.0.0.0/31".parse().unwrap(),
        "ff00::/8".parse().unwrap(),
    ]);
    let judge = |ip: &str| allowed.judge(ip.parse().unwrap()).map(|kind| kind.name);
    for open in [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "64:ff9b::10.1.2.3",
        "fd00:1::9",
    ] {
        assert_eq!(judge(open), None, "{open}");
    }
    assert_eq!(judge("192.168.0.1"), Some("private"));
    assert_eq!(judge("fd00:2::9"), Some("private (unique local)"));
    assert_eq!(
        judge("0.0.0.0"),
        Some("unspecified"),
        "it names no one machine"
    );
    assert_eq!(judge("ff02::1"), Some("multicast"));
}

#[tokio::test]
async fn a_name_is_refused_for_any_of_its_addresses() {
    for addresses in [
        ["10.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "10.0.0.1"],
        ["8.8.8.8", "::ffff:10.0.0.1"],
    ] {
        let outbound = outbound(&[], Book::new(&[&addresses]));
        let why = refused(send(&outbound, "https://app.example/logout").await);
        assert_eq!(
            why,
            "\"app.example\" leads to a private address; --outbound-allow opens such networks"
        );
    }
}

#[tokio::test]
async fn http_is_for_opened_networks_alone() {
    let outbound = outbound(&["10.0.0.0/8"], Book::new(&[&["8.8.8.8"]]));
    let why = refused(send(&outbound, "http://app.example/logout").await);
    assert!(why.contains("use https"), "{why}");
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    let good = App::says("127.0.0.2:0", OK).await;
    let port = good.address.port();
    let bad = App::says(&format!("127.0.0.1:{port}"), OK).await;
    // Rebinding: the name moves to another address after it was looked at once.
    let book = Book::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let outbound = outbound(&["127.0.0.2/32"], book.clone());

    let answered = send(&outbound, &good.url("app.example")).await.unwrap();
    assert_eq!((answered.status, &*answered.body), (200, &b"ok"[..]));
    assert_eq!(answered.content_type.as_deref(), Some("text/plain"));
    assert_eq!(book.looked(), 1, "looked at once, and connected to that");

    let why = refused(send(&outbound, &good.url("app.example")).await);
    assert!(why.contains("loopback") && !why.contains("127."), "{why}");
    assert_eq!((good.seen().len(), bad.seen().len()), (1, 0));
    let request = &good.seen()[0];
    assert!(
        request.starts_with("POST /logout?x=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains(&format!("host: app.example:{port}\r\n")),
        "{request}"
    );
}

#[tokio::test]
async fn a_name_without_an_address_says_so() {
    let outbound = outbound(&[], Book::new(&[]));
    let error = send(&outbound, "https://gone.example/").await.unwrap_err();
    assert_eq!(error, WireError::Unresolved("gone.example".to_owned()));
}

#[tokio::test]
async fn localhost_is_the_machine_itself_whatever_name_servers_say() {
    let app = App::says("127.0.0.1:0", OK).await;
    let book = Book::new(&[&["8.8.8.8"]]);
    let outbound = outbound(&["127.0.0.0/8"], book.clone());
    for host in ["localhost", "app.localhost", "127.0.0.1"] {
        assert_eq!(
            send(&outbound, &app.url(host)).await.unwrap().status,
            200,
            "{host}"
        );
    }
    assert_eq!((book.looked(), app.seen().len()), (0, 3));
}

#[test]
fn a_developers_server_reaches_its_own_machine_and_no_other_server_does() {
    let open = |public_url: &str| Rules::new(&[], None, public_url).allow.len();
    for own in [
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://id.localhost",
    ] {
        assert_eq!(open(own), 2, "{own}");
    }
    for other in [
        "https://localhost:8080",
        "https://id.example.com",
        "http://10.0.0.1:8080",
        "http://localhost.example.com",
    ] {
        assert_eq!(open(other), 0, "{other}");
    }
}
