//! Logging out everywhere.
//!
//! ```text
//!  rp_initiated   a relying party sends its citizen here to log out
//!  back_channel   every relying party of the session is told
//! ```

mod back_channel;
mod rp_initiated;
