//! Who answers, and who asks: certificates and passwords.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::words::refusal;
use super::*;

/// An authority, and a certificate for `localhost` that it signed, with its key.
fn certificates() -> (String, String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    (authority.pem(), server.pem(), key.serialize_pem())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_shows_who_it_is_and_a_role_its_password() {
    let (authority, server, key) = certificates();
    let hba = "local all all trust\nhostssl all all all scram-sha-256\n";
    let conf = "ssl = on\nssl_cert_file = '{folder}/server.pem'\nssl_key_file = '{folder}/server.key'\nhba_file = '{folder}/hba.conf'";
    let files = [
        ("server.pem", server.as_str()),
        ("server.key", &key),
        ("hba.conf", hba),
    ];
    let Some(cluster) = Cluster::start_with(conf, &files) else {
        return;
    };
    cluster.sql("ALTER ROLE realmkeep PASSWORD 'hush@/:?'");
    let schema = cluster.schema();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ours = file("ours.pem", &authority);
    let other = file("other.pem", &certificates().0);
    let empty = file("empty.pem", "");
    let url = |host: &str, more: &str| {
        let at = cluster.url_at(cluster.port, &schema);
        let named = at.replace(
            "realmkeep@127.0.0.1",
            &format!("realmkeep:hush%40%2F%3A%3F@{host}"),
        );
        format!("{named}&{more}")
    };
    for (host, more) in [
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={ours}"),
        ),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ours}")),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", "sslmode=prefer".to_owned()),
    ] {
        let store = store(&url(host, &more));
        store.commit(batch(|x| x.put("k", "v"))).await.unwrap();
        assert_eq!(store.get(b"k").await.unwrap().unwrap().value, "v", "{more}");
    }
    for (host, more, why) in [
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={ours}"),
            "not valid for name",
        ),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={other}"),
            "certificate",
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={other}"),
            "certificate",
        ),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={other}"),
            "certificate",
        ),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={empty}"),
            "no certificate in it",
        ),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=/nowhere.pem".to_owned(),
            "/nowhere.pem",
        ),
        ("localhost", "sslmode=disable".to_owned(), "no encryption"),
    ] {
        let words = refusal(&url(host, &more));
        assert!(words.contains(why), "{more}: {words}");
    }
    let wrong = url("localhost", "sslmode=require").replace("hush", "hush-hush");
    let words = refusal(&wrong);
    assert!(words.contains("password authentication failed"), "{words}");
}
