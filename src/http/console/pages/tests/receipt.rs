//! The receipt.

use super::sample_receipt::{app, receipt, with};
use crate::http::console::pages::*;
use crate::http::rendered::{attribute, page, tag_with, tags};

#[test]
fn the_receipt_tells_each_app_apart() {
    let html = page("receipt", &with(receipt()));
    let apps: Vec<_> = tags(&html)
        .filter(|tag| tag.starts_with("tr "))
        .map(|tag| {
            (
                attribute(tag, "data-client-id"),
                attribute(tag, "data-status"),
            )
        })
        .collect();
    assert_eq!(
        apps,
        [
            (Some("payroll"), Some("acknowledged")),
            (Some("wiki"), Some("acknowledged")),
            (Some("warehouse"), Some("retrying")),
            (Some("crm"), Some("pending")),
            (Some("grafana"), Some("bounded"))
        ]
    );
    assert!(
        html.contains("id=\"receipts\"")
            && html.contains("Retrying in 12 s")
            && html.contains("Closes by 14:36:19")
    );
    assert!(html.contains("2 of 4 apps have answered so far."));
    assert!(html.contains("2 tries refused, none allowed"));
    // Only what can be tried again has the button.
    assert_eq!(html.matches(">Retry now<").count(), 1);
    assert_eq!(
        attribute(tag_with(&html, "id=\"receipt\""), "data-complete"),
        Some("false")
    );
}

#[test]
fn a_receipt_is_never_a_bare_success() {
    let mut r = Receipt {
        complete: true,
        apps: vec![
            app("Payroll", "gave_up", "", "Timeout, 14 tries", "14"),
            app("Old CRM", "not_capable", "", "", "–"),
            app("Mail", "rejected", "", "400 Bad Request", "1"),
        ],
        ..receipt()
    };
    let html = page("receipt-failed", &with(r));
    assert!(
        html.contains("class=\"ring warn\"")
            && html.contains("2 not told")
            && html.contains("0 of 2 apps have answered.")
    );
    assert!(html.contains("Old CRM cannot be told."));

    r = Receipt {
        complete: true,
        apps: Vec::new(),
        log: Vec::new(),
        refused: Some(0),
        came_back: 0,
        last_back: String::new(),
        ..receipt()
    };
    let html = page("receipt-quiet", &with(r));
    assert!(
        html.contains("No app of theirs takes sign-out messages.")
            && html.contains("Nothing has tried yet")
            && html.contains("id=\"receipts\"")
    );
}

#[test]
fn a_large_sign_out_shows_how_far_it_is() {
    let r = Receipt {
        expanding: Some(Progress {
            done: 12_000,
            total: 1_000_000,
        }),
        ended: 1_000_000,
        asked: 1_000_000,
        people: 400_000,
        who: String::new(),
        more_sessions: 999_995,
        ..receipt()
    };
    let html = page("receipt-expanding", &with(r));
    assert!(
        html.contains("12,000 of 1,000,000 sessions written out.")
            && html.contains("400,000 people must sign in again.")
    );
    assert!(html.contains("and 999,995 more"));
}

#[test]
fn the_receipt_fragment_stands_alone() {
    let fragment = page("receipt-fragment", &receipt());
    assert!(fragment.starts_with("<div id=\"receipt\"") && !fragment.contains("<html"));
    assert!(page("receipt", &with(receipt())).contains(&fragment));
}
