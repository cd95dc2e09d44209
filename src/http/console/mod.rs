//! The administrator's console.

pub mod pages;
