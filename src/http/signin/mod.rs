//! Sign-in, consent, sign-out and error pages.

pub mod pages;
