#[thundra_core::traced]
struct Order {
    id: u8,
}

fn main() {}
