use thundra_aws::handler;

#[handler]
struct Handler;

fn main() {
    let _ = Handler;
}
