//! The house seen from outside, in one binary.
//!
//! ```text
//!  workspace   the rules of the tree itself: layering, budgets, documents
//! ```

mod workspace;
