"""A real Chromium without a screen, and Horizon's pages in it as a user sees them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 60.0  # seconds for a page, on a machine that does much else


@contextmanager
def chromium(folder: Path) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium, with all that it keeps in ``folder``."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    # Its sandbox does not run as root; /dev/shm is small in a container.
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server",
                 "--window-size=1400,1000", f"--user-data-dir={folder}/chromium"):
        options.add_argument(word)
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver", log_output=str(folder / "chromedriver.log")))
    try:
        driver.set_page_load_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


@dataclass(frozen=True)
class Dashboard:
    """Horizon behind ``address``, in one browser."""

    browser: webdriver.Chrome
    address: str

    def open(self, path: str) -> None:
        self.browser.get(f"http://{self.address}{path}")

    def log_in(self, user: str, password: str) -> None:
        """From the first page on, as somebody who typed the address."""
        self.open("/")
        self.browser.find_element(By.NAME, "username").send_keys(user)
        self.browser.find_element(By.NAME, "password").send_keys(password)
        self.browser.find_element(By.CSS_SELECTOR, "button[type=submit]").click()

    def user(self) -> str:
        """Who is logged in, as the head of the page says."""
        return self.until("span.user-name")

    def until(self, css: str, text: str = "") -> str:
        """What a shown element of ``css`` says, as soon as ``text`` is in it."""
        def found(_: object) -> str | None:
            shown = [element.text for element in self.browser.find_elements(By.CSS_SELECTOR, css)]
            return next((said for said in shown if said and text in said), None)
        return WebDriverWait(self.browser, PATIENCE, ignored_exceptions=()).until(
            found, f"no {css} says {text!r} at {self.browser.current_url}") or ""

    def missing(self) -> list[str]:
        """Scripts, styles and fonts that pages asked for and are not there, as the browser tells it."""
        log = self.browser.execute("getLog", {"type": "browser"})["value"]
        return [entry["message"] for entry in log if "status of 404" in entry["message"]]
