//! Whom the client trusts.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::deliver::OutboundError;

/// A certificate authority, in a file, and an application with a certificate of it for `app.example`.
struct Private {
    folder: tempfile::TempDir,
    port: u16,
}

impl Private {
    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    async fn start() -> Private {
        crate::crypto::install();
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();

        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["app.example".to_owned()])
            .unwrap()
            .signed_by(&key, &ca)
            .unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let _ = stream.write_all(OK.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Private { folder, port }
    }

    async fn send(&self, allow: &[&str], ca: bool, host: &str) -> Result<Answered, WireError> {
        let mut rules = rules(allow);
        rules.ca = ca.then(|| self.ca());
        let book = Book::new(&[&["127.0.0.1"]]);
        let outbound = Outbound::with_names(rules, book).unwrap();
        send(&outbound, &format!("https://{host}:{}/", self.port)).await
    }
}

fn no_tls(result: Result<Answered, WireError>) -> String {
    match result {
        Err(WireError::Unreachable(why)) if why.starts_with("no TLS connection: ") => why,
        other => panic!("expected no TLS connection, found {other:?}"),
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named_and_only_then() {
    let private = Private::start().await;
    let open = ["127.0.0.0/8"];
    let answered = private.send(&open, true, "app.example").await.unwrap();
    assert_eq!(answered.status, 200);
    let why = no_tls(private.send(&open, false, "app.example").await);
    assert!(why.contains("UnknownIssuer"), "{why}");
    let why = no_tls(private.send(&open, true, "other.example").await);
    assert!(why.contains("not valid for name"), "{why}");
    // Trust is one thing, the address another.
    let why = refused(private.send(&[], true, "app.example").await);
    assert!(why.contains("loopback"), "{why}");
}

#[test]
fn a_file_without_authorities_is_an_error_that_says_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let error = |name: &str, text: Option<&str>| {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let rules = Rules {
            allow: Vec::new(),
            ca: Some(path),
        };
        Outbound::new(rules).err().unwrap()
    };
    let missing = error("missing.pem", None);
    assert!(
        matches!(missing, OutboundError::Unreadable { .. }),
        "{missing}"
    );
    let empty = error("empty.pem", Some("not PEM\n"));
    assert!(
        empty.to_string().ends_with(
            "empty.pem holds no certificate; expected PEM, beginning with -----BEGIN CERTIFICATE-----"
        ),
        "{empty}"
    );
    let bad = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let bad = error("bad.pem", Some(bad));
    assert!(matches!(bad, OutboundError::BadCertificate(_)), "{bad}");
}
