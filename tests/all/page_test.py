"""The HTML page in a browser: that it fits wide and narrow windows, that its policy blocks nothing of its own, that
hostile names run nothing, and what it looks like. Screenshots go to $FATHOM_SCREENSHOTS when that is set."""

import json
import os
import re
import subprocess
import sys
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))

import harness  # noqa: E402
import images  # noqa: E402
from harness import NOW, example, fathom, tool  # noqa: E402

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u202egnp"
# Appended to a copy of the page: says what a browser made of it. The copy's policy allows it by its digest.
PROBE = """
const wide = document.documentElement;
const says = {title: document.title, overflow: wide.scrollWidth - wide.clientWidth, script: wide.classList.contains("js"),
  images: document.images.length, circles: document.querySelectorAll("circle").length,
  small: [...document.querySelectorAll("p,td,li,h1,h2,summary,figcaption")].filter((e) => e.offsetWidth && parseFloat(getComputedStyle(e).fontSize) < 12).length,
  paper: getComputedStyle(document.body).backgroundColor};
const out = document.createElement("pre");
out.id = "probe";
out.textContent = JSON.stringify(says);
document.body.append(out);
"""


def png_pixels(data):
    """(width, height, rows of RGB) of a PNG as Chromium writes it."""
    at, width, height, channels, packed = 8, 0, 0, 3, b""
    while at < len(data):
        size, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, channels = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"), {2: 3, 6: 4}[body[9]]
        if kind == b"IDAT":
            packed += body
        at += 12 + size
    raw, stride, rows, above = zlib.decompress(packed), width * channels, [], bytearray(width * channels)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left, up = line[x - channels] if x >= channels else 0, above[x]
            corner = above[x - channels] if x >= channels else 0
            p = left + up - corner
            near = left if abs(p - left) <= abs(p - up) and abs(p - left) <= abs(p - corner) else up if abs(p - up) <= abs(p - corner) else corner
            line[x] = (line[x] + (0, left, up, (left + up) // 2, near)[kind]) & 255
        rows.append(line)
        above = line
    return width, height, channels, rows


class Page(harness.Case):
    def chromium(self, page, width, *arguments):
        command = [tool("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + self.path("profile"),
                   f"--window-size={width},900", *arguments, "file://" + page]
        done = subprocess.run(command, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return done.stdout.decode()

    def page(self, target, name):
        out = self.path(name + ".html")
        fathom("scan", target, "-o", "html=" + out, "--now", NOW, "--quiet")
        return out

    def probe(self, page, width):
        with open(page, encoding="utf-8") as f:
            text = f.read()
        import base64
        import hashlib
        digest = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
        text = text.replace("; base-uri", f" 'sha256-{digest}'; base-uri", 1).replace("</body>", f"<script>{PROBE}</script></body>", 1)
        copy = page.replace(".html", ".probe.html")
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text)
        dom = self.chromium(copy, width, "--dump-dom")
        found = re.search(r'<pre id="probe">(.*?)</pre>', dom)
        self.assertTrue(found, "the probe did not run")
        return json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))

    def test_it_fits_a_desk_and_a_phone(self):
        page = self.page(example("distroless-base"), "distroless")
        for width in (1280, 500):  # Chromium makes no window narrower than 500
            says = self.probe(page, width)
            self.assertLessEqual(says["overflow"], 0, says)
            self.assertTrue(says["script"], says)
            self.assertGreater(says["circles"], 3)
            self.assertEqual(says["small"], 0, says)
            self.assertEqual(says["images"], 0)

    def test_hostile_names_run_nothing(self):
        image = images.Image([images.layer(images.program("srv/" + EVIL.replace("/", "_"), b"\x7fELF" + b"x" * 99), created_by=EVIL)])
        page = self.page(images.write(self.path("evil.tar"), image.oci_archive()), "evil")
        says = self.probe(page, 900)
        self.assertNotEqual(says["title"], "owned")
        self.assertEqual(says["images"], 0)

    def test_the_picture_is_drawn(self):
        page = self.page(example("sqlite-service"), "sqlite")
        folder = os.environ.get("FATHOM_SCREENSHOTS", self.folder)
        for name, width in (("desk", 1280), ("phone", 500)):
            shot = os.path.join(folder, name + ".png")
            self.chromium(page, width, "--screenshot=" + shot)
            with open(shot, "rb") as f:
                w, h, channels, rows = png_pixels(f.read())
            self.assertEqual(w, width)
            colours = {bytes(row[x * channels:x * channels + 3]) for row in rows[::6] for x in range(0, w, 6)}
            # Paper, sky, sea, deep and ice are flat colours that nothing else gives.
            for colour in ("fbfaf7", "eaf3f8", "1d5c7d", "0f3a52", "bfe0ee"):
                self.assertIn(bytes.fromhex(colour), colours, (name, colour))


if __name__ == "__main__":
    unittest.main()
