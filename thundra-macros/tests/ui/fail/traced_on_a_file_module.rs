#[thundra_core::traced]
mod orders;

fn main() {}
