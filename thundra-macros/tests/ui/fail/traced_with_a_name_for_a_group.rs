#[thundra_core::traced(name = "store")]
mod store {
    pub fn get() {}
}

fn main() {}
