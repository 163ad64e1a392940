//! The API at its routes.
