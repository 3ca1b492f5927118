//! Sizes and themes of a page, and screenshots.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::page::Page;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Desk,
    Phone,
}

/// All combinations.
pub(crate) const LOOKS: [(Size, Theme); 4] = [
    (Size::Desk, Theme::Light),
    (Size::Desk, Theme::Dark),
    (Size::Phone, Theme::Light),
    (Size::Phone, Theme::Dark),
];

impl Page {
    /// Sets the size and the theme.
    pub(crate) async fn look(&self, (size, theme): (Size, Theme)) {
        match size {
            Size::Desk => self.screen(1280, 900).await,
            Size::Phone => self.screen(390, 844).await,
        }
        let theme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]});
        self.call("Emulation.setEmulatedMedia", media).await;
    }

    /// Sets the size of the screen; small ones are phones.
    pub(crate) async fn screen(&self, width: u32, height: u32) {
        let screen = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.call("Emulation.setDeviceMetricsOverride", screen)
            .await;
    }

    /// Checks that it fits, has the theme, and passes axe.
    pub(crate) async fn readable(&self, (_, theme): (Size, Theme)) {
        self.background_is(theme).await;
        self.fits().await;
        self.accessible().await;
    }

    /// Checks that nothing overflows to the right.
    pub(crate) async fn fits(&self) {
        let wide = "(() => {
            const width = document.scrollingElement.scrollWidth;
            if (width <= innerWidth) return '';
            const out = [...document.querySelectorAll('body *')]
                .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
                .map(one => one.outerHTML.slice(0, 120));
            return `${width} wide in ${innerWidth}: ${out.slice(0, 5).join('\\n')}`;
        })()";
        assert_eq!(self.evaluate(wide).await, "");
    }

    /// Checks that the background is dark or light.
    pub(crate) async fn background_is(&self, theme: Theme) {
        let brightness = "(() => {
            const painted = [document.body, document.documentElement]
                .map(one => getComputedStyle(one).backgroundColor)
                .find(color => !/, 0\\)$|transparent/.test(color));
            const [red, green, blue] = (painted ?? 'rgb(255, 255, 255)').match(/[\\d.]+/g).map(Number);
            return (red + green + blue) / 3;
        })()";
        let brightness = self.evaluate(brightness).await;
        let brightness = brightness.as_f64().expect("a number");
        let found = if brightness < 128.0 {
            Theme::Dark
        } else {
            Theme::Light
        };
        assert_eq!(found, theme, "the background's brightness is {brightness}");
    }

    /// Saves a screenshot of the whole page.
    pub(crate) async fn picture(&self, name: &str) {
        let params = json!({ "format": "webp", "quality": 90, "captureBeyondViewport": true });
        let answer = self.call("Page.captureScreenshot", params).await;
        let data = answer["data"].as_str().expect("a picture");
        let bytes = STANDARD.decode(data).expect("Base64");
        let folder = pictures();
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let path = folder.join(format!("{name}.webp"));
        std::fs::write(&path, bytes).expect("a picture can be kept");
    }
}

/// The folder for screenshots: that of the variable, or one beside the tests' other files.
#[expect(
    clippy::disallowed_methods,
    reason = "it says where screenshots go, not how Waybill runs"
)]
fn pictures() -> PathBuf {
    let folder = std::env::var("WAYBILL_SCREENSHOTS").ok();
    let ours = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("e2e/pictures");
    folder.map_or_else(ours, PathBuf::from)
}
