"""Look at pages in headless Chromium: browser.py PAGE.html … ; prints what is wrong, and exits with 1 then.

Each page at 390 and 1280 pixels, light and dark, and as it is printed: no error or warning in the console, nothing fetched, no text
over another, nothing beyond the window, no table that needs scrolling, text that can be read against its background.  With --png FOLDER it
also leaves pictures there.
"""
import base64, json, os, socket, struct, subprocess, sys, tempfile, time

CHECK = r"""
(() => {
  const bad = [], wide = innerWidth, boxes = [];
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + ' "' + e.textContent.trim().slice(0, 40) + '"';
  for (const d of document.querySelectorAll('details')) d.open = true;
  const clipped = e => e.closest('.scroll, pre') !== null;
  for (const e of document.body.querySelectorAll('*')) {
    const r = e.getBoundingClientRect();
    if (r.width > 0 && !clipped(e) && (r.right > wide + 0.5 || r.left < -0.5)) bad.push('beyond the window: ' + name(e));
  }
  if (document.documentElement.scrollWidth > wide) bad.push('the page is wider than the window');
  for (const e of document.querySelectorAll('.scroll'))
    if (e.scrollWidth > e.clientWidth + 1) bad.push('needs scrolling, ' + e.scrollWidth + ': ' + name(e));
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t; (t = walk.nextNode());) {
    if (!t.data.trim() || t.parentElement.closest('title, desc, style')) continue;
    const range = document.createRange();
    range.selectNodeContents(t);
    for (const r of t.parentElement instanceof SVGElement ? [t.parentElement.getBoundingClientRect()] : range.getClientRects())
      if (r.width > 0 && r.height > 0) boxes.push({t, l: r.left, r: r.right, t0: r.top + 0.2 * r.height, b: r.bottom - 0.2 * r.height});
  }
  boxes.sort((a, b) => a.t0 - b.t0);
  for (let i = 0; i < boxes.length; i++)
    for (let j = i + 1; j < boxes.length && boxes[j].t0 < boxes[i].b; j++) {
      const a = boxes[i], b = boxes[j];
      if (a.t !== b.t && Math.min(a.r, b.r) - Math.max(a.l, b.l) > 0.5)
        bad.push('one text over another: "' + a.t.data.trim().slice(0, 30) + '" and "' + b.t.data.trim().slice(0, 30) + '"');
    }
  const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
  const lum = c => { const v = c.slice(0, 3).map(x => (x /= 255) <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
                     return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const paper = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                       if (c.length === 3 || c[3] > 0.5) return c; } return [255, 255, 255]; };
  const seen = new Set();
  for (const {t} of boxes) {
    const e = t.parentElement, s = getComputedStyle(e), ink = rgb(e instanceof SVGElement ? s.fill : s.color);
    const a = lum(ink), b = lum(paper(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5 && !seen.has(e.className)) { seen.add(e.className); bad.push('hard to read, ' + ratio.toFixed(1) + ': ' + name(e)); }
  }
  for (const s of document.querySelectorAll('svg.chart'))
    if (s.getAttribute('role') !== 'img' || !s.querySelector('title').textContent || !s.querySelector('desc').textContent)
      bad.push('a chart without a text: ' + name(s));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) bad.push('two elements of one id');
  for (const a of document.querySelectorAll('a[href]'))
    if (a.getAttribute('href')[0] === '#' && !document.getElementById(a.getAttribute('href').slice(1))) bad.push('a link to nowhere: ' + name(a));
  return JSON.stringify({bad, dark: lum(paper(document.body)) < 0.2, height: document.documentElement.scrollHeight,
                         charts: document.querySelectorAll('svg.chart').length, scripts: document.scripts.length});
})()
"""


class Socket:
    """The few frames of RFC 6455 that a client of the DevTools protocol needs."""

    def __init__(self, port, path):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=900)
        key = base64.b64encode(os.urandom(16)).decode()
        self.s.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.f = self.s.makefile("rb")
        while self.f.readline().strip(): pass
        self.n, self.events = 0, []

    def receive(self):
        data, final = b"", False
        while not final:
            head = self.f.read(2)
            size, final = head[1] & 127, head[0] & 128
            if size == 126: size = struct.unpack(">H", self.f.read(2))[0]
            elif size == 127: size = struct.unpack(">Q", self.f.read(8))[0]
            data += self.f.read(size)
        return json.loads(data)

    def call(self, method, session=None, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params}
        if session: message["sessionId"] = session
        data, mask = json.dumps(message).encode(), os.urandom(4)
        size = bytes([128 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data)) if len(data) < 65536 else b"\xff" + struct.pack(">Q", len(data))
        self.s.sendall(b"\x81" + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        while True:
            answer = self.receive()
            if answer.get("id") == self.n:
                if "error" in answer: raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(e.get("method") == method for e in self.events): self.events.append(self.receive())


def look(web, page, width, scheme, media, png):
    target = web.call("Target.createTarget", url="about:blank")["targetId"]
    session = web.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in "Page", "Runtime", "Log", "Network": web.call(domain + ".enable", session)
    web.call("Emulation.setDeviceMetricsOverride", session, width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
    web.call("Emulation.setEmulatedMedia", session, media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
    web.events.clear()
    web.call("Page.navigate", session, url="file://" + os.path.realpath(page))
    web.wait("Page.loadEventFired")
    found = json.loads(web.call("Runtime.evaluate", session, expression=CHECK)["result"]["value"])
    bad = found["bad"]
    if found["dark"] != (scheme == "dark"): bad.append("the other color scheme")
    if found["scripts"]: bad.append("a script")
    for e in web.events:
        p = e.get("params", {})
        if e["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"): bad.append(f"console: {p}")
        if e["method"] == "Network.requestWillBeSent" and p["request"]["url"].split("#")[0] != "file://" + os.path.realpath(page): bad.append("fetched: " + p["request"]["url"])
    if png and media == "screen":
        web.call("Runtime.evaluate", session, expression="for (const d of document.querySelectorAll('details')) d.open = false")
        found["height"] = web.call("Runtime.evaluate", session, expression="document.documentElement.scrollHeight")["result"]["value"]
        web.call("Emulation.setDeviceMetricsOverride", session, width=width, height=found["height"], deviceScaleFactor=1, mobile=width < 600)
        picture = web.call("Page.captureScreenshot", session, format="png")["data"]
        name = os.path.splitext(os.path.basename(page))[0]
        with open(f"{png}/{name}-{width}-{scheme}.png", "wb") as f: f.write(base64.b64decode(picture))
    web.call("Target.closeTarget", targetId=target)
    return bad, found["charts"]


def main(words):
    png = words[1] if words[0] == "--png" else None
    if png: os.makedirs(png, exist_ok=True)
    pages, wrong = words[2:] if png else words, False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # chromium may still write
        browser = subprocess.Popen(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
                                    "--hide-scrollbars", "--remote-debugging-port=0", "--user-data-dir=" + folder, "about:blank"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port = folder + "/DevToolsActivePort"
            for _ in range(6000):
                if os.path.exists(port) and open(port).read().count("\n"): break
                time.sleep(0.1)
            number, path = open(port).read().split("\n")[:2]
            web = Socket(int(number), path)
            for page in pages:
                views = [(w, s, "screen") for w in (390, 1280) for s in ("light", "dark")] + [(720, "light", "print")]
                for width, scheme, media in views:
                    bad, charts = look(web, page, width, scheme, media, png)
                    for line in bad: print(f"{page} at {width} pixels, {scheme}, {media}: {line}")
                    wrong |= bool(bad)
                print(f"{page}: {charts} charts")
        finally:
            browser.kill()
            browser.wait()
    return wrong


if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
