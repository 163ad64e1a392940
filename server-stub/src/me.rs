//! The me-object: what a user's own agents see of the user.
//!
//! Pure. Refresh tokens have no place here: they never leave the server.
