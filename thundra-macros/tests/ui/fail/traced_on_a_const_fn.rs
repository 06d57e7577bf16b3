#[thundra_core::traced]
const fn limit() -> u8 {
    3
}

const _: u8 = limit();

fn main() {}
