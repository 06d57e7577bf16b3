use thundra_core::traced;

#[traced]
mod wrong {
    pub fn plain() -> u8 {
        "text"
    }

    pub async fn later() -> u8 {
        "text"
    }

    pub async fn moved(text: String) -> (String, String) {
        (text, text)
    }
}

fn main() {}
