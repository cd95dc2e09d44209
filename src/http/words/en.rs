//! English.

mod account;
mod device;

use super::{Around, Errors, Frame, Login, Moment, Way, Words};

/// English.
pub static WORDS: Words = Words {
    tag: "en",
    dir: "ltr",
    name: "English",
    frame: Frame {
        language: "Language",
        change: "Change",
        secured_by: "Secured by Realmkeep",
        privacy: "Privacy",
        terms: "Terms",
        cancel: "Cancel",
        skip: "Skip to content",
        error: |title| format!("Error: {title}"),
        at: |at| format!("at {} UTC on {}", at.clock(), day(at)),
        date: |at| format!("{}, {} UTC", day(at), at.clock()),
    },
    login: Login {
        title: "Sign in",
        to_go_on: Around("to continue to ", ""),
        username: "Username",
        password: "Password",
        show_password: "Show password",
        forgot: "Forgot password?",
        remember: "Keep me signed in on this device",
        trouble: "Trouble signing in?",
        help: "Get help",
        wrong: "Invalid username or password.",
        disabled: "This account is blocked. Ask your administrator.",
        blocked: "Sign-in is blocked until an administrator lifts it.",
        blocked_until: |date| format!("Sign-in is blocked until {date}. Ask your administrator."),
        busy: "Many people are signing in at this moment. Try again in a few seconds.",
        wait: |secs| match secs {
            1 => "Too many attempts. Try again in 1 second.".to_owned(),
            secs => format!("Too many attempts. Try again in {secs} seconds."),
        },
        other_address: "You are signed in at another address, and this realm allows one at a time. Sign out there, or ask your administrator to do it, then sign in here.",
        at_limit: |limit| {
            match limit {
            1 => "You are signed in in one place already, and that is as many as this realm allows. Sign out in one of them, then sign in here.".to_owned(),
            limit => format!("You are signed in in {limit} places already, and that is as many as this realm allows. Sign out in one of them, then sign in here."),
        }
        },
        cut_by_admin: |at| format!("An administrator signed you out {at}."),
        cut_by_organisation: |at| format!("Your organisation signed you out {at}."),
        cut_by_limit: |at| {
            format!(
                "You were signed out here {at}: more sessions than this realm allows at a time."
            )
        },
        cut_by_address: |at| {
            format!(
                "You were signed out {at}: this session was used from another address than the one it started at. If that was not you, change your password."
            )
        },
    },
    way: Way {
        consent_title: "Allow access",
        consent_question: Around("Allow ", " to go on?"),
        signed_in_as: Around("You are signed in as ", ""),
        asks_for: "It asks for:",
        scope: |scope| {
            Some(match scope {
                "openid" => ("Know who you are", ""),
                "profile" => ("See your profile", "Name, username, language and the like"),
                "email" => ("See your email address", ""),
                "phone" => ("See your phone number", ""),
                "address" => ("See your postal address", ""),
                "roles" => ("See your roles", ""),
                "offline_access" => (
                    "Go on while you are away",
                    "Until you or an administrator signs you out everywhere",
                ),
                _ => return None,
            })
        },
        allow: "Allow",
        deny: "Do not allow",
        answer_to: Around("The answer is sent to ", "."),
        removable: "You can take it back in your account.",
        sign_out_question: |realm| format!("Sign out of {realm}?"),
        asks_to_sign_out: Around("", " asks to sign you out."),
        will_be_told: "These apps will be told:",
        sign_out: "Sign out",
        stay: "Stay signed in",
        signed_out: "You are signed out",
        of_realm: |realm| format!("of {realm} on this device."),
        being_told: "These apps are being told:",
        by_browser: "Your browser is telling these apps now, as well as it can:",
        best_effort: "Best effort. If it still shows you as signed in, sign out there too.",
        leaving: |app| format!("Signing out of {app}"),
        go_on: "Continue",
        back_to: |app| format!("Back to {app}"),
        again: "Sign in again",
        signed_in: "Signed in",
        you_are_in: "You are signed in",
        open_any: "Open any app to carry on.",
        taking_to: Around("Taking you to ", ""),
        go_on_to: |app| format!("Continue to {app}"),
        form_question: Around("Continue to ", ""),
        form_text: "The app asked for its answer in a form. Press the button to send it.",
        choose_title: "Choose which to end",
        choose_heading: "Signed in elsewhere",
        choose_text: |realm, limit, need| {
            let limit = if limit == 1 {
                "one session".to_owned()
            } else {
                format!("{limit} sessions")
            };
            let need = if need == 1 {
                "one of these".to_owned()
            } else {
                format!("{need} of these")
            };
            format!("{realm} allows {limit} at a time. Sign out of {need} to go on here.")
        },
        choose_where: "Where you are signed in",
        choose_submit: "Sign out there and go on",
        choose_help: "If you do not know one of these, sign out there and change your password.",
        choose_more: "That is not enough yet.",
        select_title: "Choose an account",
        select_same: |name| format!("Continue as {name}"),
        select_other: "Use another account",
        select_note: "In this browser, another account takes the place of this one.",
    },
    errors: Errors {
        error: "Error",
        request: "Request",
        tell: "If it happens again, tell your administrator the request above.",
        try_again: "Try again",
        link_title: "This link does not work",
        malformed: |why| format!("The request is not well-formed: {why}."),
        unknown_app: "The app that sent you here is not known. Its administrator has to register it first.",
        unregistered: "The address the app wants to return to is not one it has registered. Go back to the app, or tell its administrator.",
        no_redirect: "The app did not say where to return to (redirect_uri).",
        no_answer: "The form says neither yes nor no.",
        foreign_page: "The page to go on to is not one of this server.",
        over_title: "This sign-in is over",
        over: "This sign-in is finished, too old, or was begun in another browser. Go back to the application and start again.",
        form_title: "This form is no longer valid",
        form: "The page was open for too long, was sent by another site, or the browser keeps no cookies.",
        broken_title: "Something went wrong",
        broken: "The server could not complete the request. Try again; if it stays, ask your administrator.",
        nowhere_title: "There is nothing here",
        nowhere: "There is no such realm on this server. Check the address, or ask whoever gave it to you.",
        off_title: "This is switched off",
        realm_off: "Nobody can sign in to this realm at present. Ask your administrator.",
        app_off: "The app that sent you here is switched off at present. Ask your administrator.",
        account_off: "There are no account pages in this realm. Ask your administrator.",
        not_yours_title: "There is no such sign-in",
        not_yours: "It is over already, or it is not yours.",
        wait_title: "Just a moment",
        no_room: "The server's disk is nearly full: nobody can sign in until there is room. Please tell whoever runs it.",
        in_doubt: "The server lost its database for a moment and cannot say whether this was done. Try again in a moment.",
        busy: "The server is busy and nothing was changed. Try again in a moment.",
    },
    device: device::DEVICE,
    account: account::ACCOUNT,
    acts: account::ACTS,
    mine: account::MINE,
};

fn day(at: Moment) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    format!("{} {} {}", at.day, at.month_of(&MONTHS), at.year)
}
