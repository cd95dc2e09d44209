//! The console over its routes.
