//! What a language has to say: one field for each text. Comments give the place, the languages give the words.

use super::Moment;
use crate::domain::signout::Reason;

/// A text around something that has markup of its own: what stands before it, and what after.
#[derive(Clone, Copy, Debug)]
pub struct Around(pub &'static str, pub &'static str);

/// A text with one thing put in.
pub type One = fn(&str) -> String;
/// A text with a number put in.
pub type Count = fn(u64) -> String;
/// A text with a moment put in.
pub type At = fn(Moment) -> String;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$what:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        pub struct $name { $($(#[$what])* pub $field: $kind,)* }

        #[cfg(test)]
        impl $name {
            /// Every text by its name, with samples put in.
            pub fn each(&self) -> Vec<(String, String)> {
                use super::tests::Sample as _;
                vec![$((format!("{}.{}", stringify!($name), stringify!($field)), self.$field.sample()),)*]
            }
        }
    };
}

/// A language.
///
/// Printed by its tag.
pub struct Words {
    /// Its tag (BCP 47).
    pub tag: &'static str,
    /// From which side it is written: `ltr` or `rtl`.
    pub dir: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// Around every page.
    pub frame: Frame,
    /// The login page.
    pub login: Login,
    /// The other pages of a sign-in and of a sign-out.
    pub way: Way,
    /// Pages that say why something is not done.
    pub errors: Errors,
    /// The pages for a device that has no browser.
    pub device: Connect,
    /// A person's own pages: where they are signed in.
    pub account: Account,
    /// What a person does there, and what came of it.
    pub acts: Acts,
    /// Apps, password, profile and activity.
    pub mine: Mine,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.tag)
    }
}

words! {
/// Around every page.
Frame {
    language: &'static str,
    change: &'static str,
    secured_by: &'static str,
    privacy: &'static str,
    terms: &'static str,
    cancel: &'static str,
    skip: &'static str,
    /// The title of a page that begins with an error.
    error: One,
    /// "at 14:05 UTC on 3 March 2027", inside a sentence.
    at: At,
    /// "3 March 2027, 14:05 UTC", by itself.
    date: At,
}}

words! {
/// The login page.
Login {
    title: &'static str,
    to_go_on: Around,
    username: &'static str,
    password: &'static str,
    show_password: &'static str,
    forgot: &'static str,
    remember: &'static str,
    trouble: &'static str,
    help: &'static str,
    wrong: &'static str,
    disabled: &'static str,
    blocked: &'static str,
    blocked_until: One,
    busy: &'static str,
    /// Seconds.
    wait: Count,
    other_address: &'static str,
    /// Sessions.
    at_limit: Count,
    cut_by_admin: One,
    cut_by_organisation: One,
    cut_by_limit: One,
    cut_by_address: One,
}}

words! {
/// The other pages of a sign-in and of a sign-out.
Way {
    consent_title: &'static str,
    consent_question: Around,
    signed_in_as: Around,
    asks_for: &'static str,
    /// What a scope lets an app do, and more about it; nothing for a scope that is not ours.
    scope: fn(&str) -> Option<(&'static str, &'static str)>,
    allow: &'static str,
    deny: &'static str,
    answer_to: Around,
    removable: &'static str,
    sign_out_question: One,
    asks_to_sign_out: Around,
    will_be_told: &'static str,
    sign_out: &'static str,
    stay: &'static str,
    signed_out: &'static str,
    of_realm: One,
    being_told: &'static str,
    by_browser: &'static str,
    best_effort: &'static str,
    leaving: One,
    go_on: &'static str,
    back_to: One,
    again: &'static str,
    signed_in: &'static str,
    you_are_in: &'static str,
    open_any: &'static str,
    taking_to: Around,
    go_on_to: One,
    form_question: Around,
    form_text: &'static str,
    choose_title: &'static str,
    choose_heading: &'static str,
    /// The realm, how many sessions it allows, and how many have to end.
    choose_text: fn(&str, u64, u64) -> String,
    choose_where: &'static str,
    choose_submit: &'static str,
    choose_help: &'static str,
    choose_more: &'static str,
    select_title: &'static str,
    select_same: One,
    select_other: &'static str,
    select_note: &'static str,
}}

words! {
/// Pages that say why something is not done.
Errors {
    error: &'static str,
    request: &'static str,
    tell: &'static str,
    try_again: &'static str,
    link_title: &'static str,
    /// The words of the protocol, in English.
    malformed: One,
    unknown_app: &'static str,
    unregistered: &'static str,
    no_redirect: &'static str,
    no_answer: &'static str,
    foreign_page: &'static str,
    over_title: &'static str,
    over: &'static str,
    form_title: &'static str,
    form: &'static str,
    broken_title: &'static str,
    broken: &'static str,
    nowhere_title: &'static str,
    nowhere: &'static str,
    off_title: &'static str,
    realm_off: &'static str,
    app_off: &'static str,
    account_off: &'static str,
    not_yours_title: &'static str,
    not_yours: &'static str,
    wait_title: &'static str,
    no_room: &'static str,
    in_doubt: &'static str,
    busy: &'static str,
}}

words! {
/// The pages for a device that has no browser.
Connect {
    title: &'static str,
    lead: &'static str,
    code: &'static str,
    hint: &'static str,
    only_yours: &'static str,
    wrong: &'static str,
    over_title: &'static str,
    over: &'static str,
    again: &'static str,
    question: Around,
    only_if: &'static str,
    why: &'static str,
    /// What the device says of itself stands beside it.
    device: &'static str,
    /// When it asked stands beside it.
    asked: &'static str,
    allowed: &'static str,
    back: &'static str,
    refused: &'static str,
    nothing: &'static str,
}}

words! {
/// A person's own pages: where they are signed in.
Account {
    title: &'static str,
    menu: &'static str,
    sessions: &'static str,
    apps: &'static str,
    security: &'static str,
    profile: &'static str,
    activity: &'static str,
    sessions_intro: &'static str,
    this_device: &'static str,
    active_now: &'static str,
    last_active: &'static str,
    /// The browser and the system.
    device: fn(&str, &str) -> String,
    unknown_device: &'static str,
    address: &'static str,
    since: &'static str,
    with: &'static str,
    with_password: &'static str,
    with_code: &'static str,
    in_apps: &'static str,
    no_apps: &'static str,
    sign_out_others: &'static str,
    not_mine: &'static str,
    ended_title: &'static str,
    ended_intro: &'static str,
    ended_none: &'static str,
    reason: fn(Reason) -> &'static str,
    more: &'static str,
}}

words! {
/// What a person does there, and what came of it.
Acts {
    one_title: &'static str,
    others_title: &'static str,
    not_mine_title: &'static str,
    one_ends: &'static str,
    others_end: &'static str,
    not_mine_ends: &'static str,
    no_others: &'static str,
    told: &'static str,
    untold: &'static str,
    until: One,
    this_stays: &'static str,
    away_stays: &'static str,
    away_too: &'static str,
    admins_hear: &'static str,
    password_next: &'static str,
    prove: &'static str,
    end_it: &'static str,
    done_title: &'static str,
    done_sessions: &'static str,
    done_grants: &'static str,
    done_apps: &'static str,
    done_no_apps: &'static str,
    was_told: &'static str,
    is_told: &'static str,
    not_reached: &'static str,
    cannot_be_told: &'static str,
    now_password: &'static str,
    back: &'static str,
}}

words! {
/// Apps, password, profile and activity.
Mine {
    apps_intro: &'static str,
    apps_none: &'static str,
    app_can: &'static str,
    app_since: &'static str,
    app_used: &'static str,
    app_away: &'static str,
    remove: &'static str,
    remove_question: One,
    remove_tokens: &'static str,
    remove_asks: &'static str,
    password_title: &'static str,
    password_rule: &'static str,
    password_now: &'static str,
    password_new: &'static str,
    password_save: &'static str,
    password_others: &'static str,
    password_wrong: &'static str,
    password_short: &'static str,
    password_long: &'static str,
    password_same: &'static str,
    password_is_name: &'static str,
    password_done: &'static str,
    password_off: &'static str,
    profile_intro: &'static str,
    full_name: &'static str,
    given_name: &'static str,
    family_name: &'static str,
    email: &'static str,
    verified: &'static str,
    not_verified: &'static str,
    locale: &'static str,
    no_locale: &'static str,
    by_admin: &'static str,
    save: &'static str,
    saved: &'static str,
    too_long: &'static str,
    bad_email: &'static str,
    check_fields: &'static str,
    activity_intro: &'static str,
    activity_none: &'static str,
    did_sign_in: &'static str,
    did_fail: &'static str,
    did_change_password: &'static str,
    admin_changed_password: &'static str,
    did_change_profile: &'static str,
    admin_changed_account: &'static str,
    did_remove_access: &'static str,
    admin_removed_access: &'static str,
    did_not_recognise: &'static str,
    admin_blocked: &'static str,
    admin_unblocked: &'static str,
    second_address: &'static str,
    was_created: &'static str,
}}
