trait Store {
    #[thundra_core::traced]
    fn get(&self) -> u8;
}

fn main() {}
