use thundra_core::traced;

struct Id(u8);

#[traced(fields(self.0))]
impl Id {
    fn get(&self) -> u8 {
        self.0
    }
}

#[traced(fields(_list.len()))]
fn length(_list: &[u8]) {}

fn main() {}
