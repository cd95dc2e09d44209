//! The admin REST API, one file per resource.
