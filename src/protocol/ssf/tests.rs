//! What reads and what does not.

use serde_json::{Value, json};

use super::*;
use crate::domain::ssf::settings::Wanted;
use crate::domain::ssf::subjects::{Simple, Subject};

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[test]
fn a_stream_without_a_delivery_method_is_polled() {
    let read = stream::create(b"{}").unwrap();
    assert!(matches!(read.method, Wanted::Poll));
    assert_eq!(read.events_requested, None);
    let body = json!({
        "delivery": {
            "method": "urn:ietf:rfc:8935",
            "endpoint_url": "https://receiver.example/events",
            "authorization_header": "Bearer x",
        },
        "events_requested": ["https://a.example/"],
        "description": "mine",
        "aud": "ignored: the transmitter says it",
        "an_extension": { "of": "somebody" },
    });
    let read = stream::create(&bytes(&body)).unwrap();
    let Wanted::Push {
        endpoint_url,
        authorization,
    } = read.method
    else {
        panic!("not push")
    };
    assert_eq!(endpoint_url, "https://receiver.example/events");
    assert_eq!(authorization.unwrap().expose(), "Bearer x");
    assert_eq!(read.description.as_deref(), Some("mine"));
}

#[test]
fn a_body_that_does_not_read_says_what_was_expected() {
    for (body, words) in [
        (json!([]), "JSON object"),
        (json!({ "delivery": "push" }), "delivery must be an object"),
        (json!({ "delivery": {} }), "delivery.method is missing"),
        (
            json!({ "delivery": { "method": "carrier pigeon" } }),
            "urn:ietf:rfc:8935",
        ),
        (
            json!({ "delivery": { "method": "urn:ietf:rfc:8935" } }),
            "endpoint_url is missing",
        ),
        (json!({ "events_requested": "all" }), "a list of texts"),
        (json!({ "events_requested": [1] }), "a list of texts"),
        (json!({ "description": 5 }), "description must be text"),
    ] {
        let error = stream::create(&bytes(&body)).unwrap_err();
        assert!(error.0.contains(words), "{body}: {error}");
    }
    assert!(stream::create(b"not JSON").is_err());
    assert!(stream::update(b"{}").unwrap_err().0.contains("stream_id"));
    assert!(stream::replace(b"{}").unwrap_err().0.contains("stream_id"));
}

#[test]
fn a_patch_changes_what_it_names_and_null_takes_away() {
    let id = "018f3b54-0000-7000-8000-000000000001";
    let body = json!({ "stream_id": id, "description": null });
    let (read, patch, _) = stream::update(&bytes(&body)).unwrap();
    assert_eq!(read.unwrap().to_string(), id);
    assert_eq!(patch.description, Some(None));
    assert!(patch.method.is_none() && patch.events_requested.is_none());
    let (none, _, _) = stream::update(br#"{"stream_id":"no id"}"#).unwrap();
    assert!(none.is_none(), "an id that is none is nobody's");
}

#[test]
fn subjects_of_the_known_formats_read() {
    let simple = |value: Value| match subject::read(value).unwrap() {
        Subject::Simple(simple) => simple,
        Subject::Complex { .. } => panic!("complex"),
    };
    assert_eq!(
        simple(json!({ "format": "iss_sub", "iss": "https://a.example", "sub": "1" })),
        Simple::IssSub {
            iss: "https://a.example".to_owned(),
            sub: "1".to_owned()
        }
    );
    assert_eq!(
        simple(json!({ "format": "email", "email": "a@b.example" })),
        Simple::Email("a@b.example".to_owned())
    );
    assert_eq!(
        simple(json!({ "format": "opaque", "id": "x" })),
        Simple::Opaque("x".to_owned())
    );
    let complex = json!({
        "format": "complex",
        "user": { "format": "email", "email": "a@b.example" },
        "session": { "format": "opaque", "id": "s" },
    });
    assert!(matches!(
        subject::read(complex).unwrap(),
        Subject::Complex {
            user: Some(_),
            session: Some(_),
            tenant: None
        }
    ));
    for bad in [
        json!("alice"),
        json!({}),
        json!({ "format": "phone_number", "phone_number": "+1" }),
        json!({ "format": "email", "email": "alice" }),
        json!({ "format": "email" }),
        json!({ "format": "opaque", "id": "" }),
        json!({ "format": "iss_sub", "iss": "https://a.example" }),
        json!({ "format": "complex" }),
        json!({ "format": "complex", "tenant": { "format": "opaque", "id": "demo" } }),
        json!({ "format": "complex", "user": { "format": "opaque", "id": "x" }, "device": {} }),
        json!({ "format": "complex", "user": { "format": "complex" } }),
    ] {
        assert!(subject::read(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn a_poll_reads_as_rfc_8936_writes_it() {
    let id = "018f3b54-0000-7000-8000-000000000001";
    assert!(request::poll(b"").unwrap().wait);
    let all = request::poll(b"{}").unwrap();
    assert!(all.wait && all.max.is_none());
    let body = json!({
        "maxEvents": 0,
        "returnImmediately": true,
        "ack": [id, "an id of somebody else's making"],
        "setErrs": { id: { "err": "invalid_key", "description": "which key?" } },
    });
    let poll = request::poll(&bytes(&body)).unwrap();
    assert_eq!((poll.max, poll.wait), (Some(0), false));
    assert_eq!(poll.ack.len(), 1);
    assert_eq!(poll.errors[0].1, "invalid_key: which key?");
    for bad in [
        json!([]),
        json!({ "maxEvents": -1 }),
        json!({ "maxEvents": "many" }),
        json!({ "returnImmediately": "yes" }),
        json!({ "ack": id }),
        json!({ "setErrs": [] }),
        json!({ "setErrs": { id: "bad" } }),
        json!({ "setErrs": { id: {} } }),
        json!({ "ack": vec![id; 1001] }),
    ] {
        assert!(request::poll(&bytes(&bad)).is_err(), "{bad}");
    }
}

#[test]
fn the_metadata_names_everything_below_the_issuer() {
    let issuer = "https://id.example/realms/demo";
    let document = metadata(issuer);
    assert_eq!(document["spec_version"], "1_0");
    assert_eq!(document["issuer"], issuer);
    for name in [
        "jwks_uri",
        "configuration_endpoint",
        "status_endpoint",
        "add_subject_endpoint",
        "remove_subject_endpoint",
        "verification_endpoint",
    ] {
        let uri = document[name].as_str().unwrap();
        assert!(uri.starts_with(issuer), "{name}: {uri}");
    }
    assert_eq!(
        document["delivery_methods_supported"],
        json!(["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"])
    );
    assert_eq!(
        document["authorization_schemes"],
        json!([{ "spec_urn": "urn:ietf:rfc:6749" }])
    );
    assert_eq!(document["default_subjects"], "ALL");
}
