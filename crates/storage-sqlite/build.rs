//! `sqlx::migrate!` embeds the folder: a new file in it must rebuild the crate.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
