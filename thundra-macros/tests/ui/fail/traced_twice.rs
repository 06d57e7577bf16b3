use thundra_core::traced;

#[traced]
#[traced]
fn one() {}

#[traced]
mod store {
    #[traced]
    #[traced(skip)]
    pub fn get() {}
}

fn main() {}
