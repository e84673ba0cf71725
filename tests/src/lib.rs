//! Whole-system tests live in `system/`; Cargo wants a library here, and it is empty.
