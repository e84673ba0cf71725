//! The house seen from outside, in one binary.
//!
//! ```text
//!  main_job    what the provider is for, end to end        op_traps   what examiners look for
//!  login       proving who you are                         consent    claims, consent, the citizen's page
//!  logout      everywhere                                  matrices   every binding, every disabled thing
//!  bad_input   garbage and broken stores                   races      many at once; kill -9
//!  operator    the binary and its command line             observe    metrics, probes, traces, alerts
//!  passkeys    keys of browsers and devices            biometrics faces and fingers, by a matcher
//!  keys        in a token, from node to node, leaked       deploy     proxies, units, roles, backups as shipped
//!  step_up     an API that asks for more proof             workspace  rules of the tree itself
//!  transactions  one transaction, judged by its amount
//! ```

mod bad_input;
mod biometrics;
mod consent;
mod deploy;
mod keys;
mod login;
mod logout;
mod main_job;
mod matrices;
mod observe;
mod op_traps;
mod operator;
mod passkeys;
mod races;
mod step_up;
mod transactions;
mod workspace;
