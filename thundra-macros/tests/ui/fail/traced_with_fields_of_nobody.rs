use thundra_core::traced;

struct Store;

#[traced(fields(id, oder))]
impl Store {
    fn get(&self, id: u8) -> u8 {
        id
    }

    #[traced(fields(missing))]
    fn put(&self) {}
}

#[traced]
mod orders {
    #[traced(fields(of_nobody))]
    pub fn cancel() {}

    #[traced(fields(of_nobody))]
    impl super::Store {}
}

fn main() {}
