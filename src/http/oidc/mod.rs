//! The protocol endpoints, one file each.
