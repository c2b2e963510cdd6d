/* Barcode scanners. A scanner is a keyboard: a prefix perhaps, the code, then Enter or Tab. What it reads
   goes to Find wherever the cursor stands, and whatever it typed into a field is taken out again.

   It is known by the prefix that it is set to send (`web.scanner_prefix`), or by its speed and a complete
   code: a check digit, or the structure of a GS1 code (the same rules as `complete_codes.py`). Something
   that came as fast and is no complete code may have lost its beginning: nobody is looked up by it. */
(function () {
  "use strict";

  var PAUSE_IN_CODE_MS = 1500; // longer, and the next key begins something else
  var PAUSE_IN_FRAGMENT_MS = 300;
  var PAUSE_AFTER_PREFIX_MS = 400;
  var SCANNER_KEY_MS = 60; // the middle of the times between the keys of a scanner, at most
  var FASTEST_HAND_MS = 35; // nobody types several keys in a row faster
  var SLOWEST_SCANNER_MS = 45; // keys before a code that came slower than this were a hand's
  var SHORTEST_FRAGMENT = 4;
  var SHORTEST_PREFIXED = 3;
  var SECOND_END_MS = 300; // a scanner that ends with CR LF, or with Tab and Enter, sends two keys
  var LEAVING_MS = 3000; // while the page of a scan is being fetched
  var ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  var SHIFTED_DIGITS = ")!@#$%^&*(";
  var US_KEYS = {
    Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:",
    Quote: "'\"", Comma: ",<", Period: ".>", Slash: "/?", Backquote: "`~", Space: "  ",
    NumpadDivide: "//", NumpadSubtract: "--", NumpadDecimal: "..", NumpadAdd: "++", NumpadMultiply: "**",
  };

  var keys = []; // since the last pause: what was typed, when, and what the field held before
  var ended = -Infinity;
  var leaving = -Infinity;

  // Complete codes

  function hasCheckCharacter(text) { // ISO 7064 MOD 37,36
    var check = 18;
    for (var i = 0; i < text.length; i += 1) {
      check = (((check || 36) * 2) % 37 + ALPHABET.indexOf(text.charAt(i))) % 36;
    }
    return check === 1;
  }

  function isNhsNumber(text) {
    if (!/^\d{10}$/.test(text) || /^(\d)\1+$/.test(text)) return false;
    var sum = 0;
    for (var i = 0; i < 9; i += 1) sum += Number(text.charAt(i)) * (10 - i);
    return (11 - sum % 11) % 11 === Number(text.charAt(9));
  }

  function isGs1Number(digits) { // GS1 modulus 10
    var sum = 0;
    for (var i = 0; i < digits.length; i += 1) {
      sum += Number(digits.charAt(digits.length - 1 - i)) * (i % 2 ? 3 : 1);
    }
    return sum % 10 === 0;
  }

  function isGs1Code(text) {
    var parts = /^(?:\](?:D2|C1|Q3))?(?:8018(\d{18}))?\x1d?(?:91([^/]+\/.+))?$/.exec(text);
    return Boolean(parts && (parts[1] || parts[2]) && (!parts[1] || isGs1Number(parts[1])));
  }

  function isComplete(raw) {
    var text = raw.trim().toUpperCase();
    var plain = text.replace(/[\s-]/g, "");
    var serial = /^([A-HJ-NP-Z2-9]{2}(?:\d{6}|[A-HJ-NP-Z2-9]{6}\d{3})[0-9A-Z])(\d\d[AB][0-9A-Z])?$/.exec(plain);
    var number = /^D[A-HJ-NP-Z2-9]{2}(?:\d{5}|[A-HJ-NP-Z2-9]{6}\d{3})[0-9A-Z]$/.test(plain);
    if (serial && hasCheckCharacter(serial[1]) && (!serial[2] || hasCheckCharacter(plain))) return true;
    return (number && hasCheckCharacter(plain)) || isNhsNumber(plain) || isGs1Code(text);
  }

  // What was typed

  // As a keyboard of the United States has it: scanners are usually set to that one, computers are not.
  function readPosition(event) {
    var letter = /^Key([A-Z])$/.exec(event.code);
    if (letter) return letter[1];
    var digit = /^(Digit|Numpad)(\d)$/.exec(event.code);
    if (digit) return event.shiftKey && digit[1] === "Digit" ? SHIFTED_DIGITS.charAt(Number(digit[2])) : digit[2];
    return (US_KEYS[event.code] || "").charAt(event.shiftKey ? 1 : 0);
  }

  function readField(target) {
    var field = { target: target };
    if (target.isContentEditable) field.html = target.innerHTML;
    else if (target.tagName === "SELECT") field.index = target.selectedIndex;
    else if ("value" in target) field.value = target.value;
    return field;
  }

  function putBack(typed) {
    var restored = [];
    typed.forEach(function (key) {
      var target = key.field.target;
      if (restored.indexOf(target) >= 0 || !target.isConnected) return;
      restored.push(target);
      if ("html" in key.field) target.innerHTML = key.field.html;
      else if ("index" in key.field) target.selectedIndex = key.field.index;
      else if ("value" in key.field && target.value !== key.field.value) target.value = key.field.value;
      else return;
      target.dispatchEvent(new Event("input", { bubbles: true }));
      if ("index" in key.field) target.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Empty when a key has no such reading: a text without it would not be what was typed.
  function textOf(typed, name) {
    var parts = typed.map(function (key) { return key[name]; });
    return parts.indexOf("") < 0 ? parts.join("") : "";
  }

  // Milliseconds before each key but the first, and before the key that ended it.
  function gapsOf(typed, end) {
    return typed.map(function (key, index) {
      return (index + 1 < typed.length ? typed[index + 1].time : end) - key.time;
    });
  }

  function middleOf(numbers) {
    var sorted = numbers.slice().sort(function (a, b) { return a - b; });
    return sorted.length ? sorted[Math.floor(sorted.length / 2)] : Infinity;
  }

  function findPrefixed(prefix, end) {
    if (!prefix) return null;
    for (var name = "text"; name; name = name === "text" ? "position" : "") {
      var at = textOf(keys, name).toUpperCase().lastIndexOf(prefix.toUpperCase());
      var typed = at < 0 ? [] : keys.slice(at);
      var code = textOf(typed, name);
      var isWhole = code.length >= prefix.length + SHORTEST_PREFIXED && !/\s/.test(code);
      if (isWhole && Math.max.apply(null, gapsOf(typed, end)) <= PAUSE_AFTER_PREFIX_MS) {
        return { typed: typed, text: code, complete: true };
      }
    }
    return null;
  }

  // Whether the keys before a code were a person's: then nothing of the code is missing.
  function isHandBefore(start) {
    if (!start) return true;
    var before = keys.slice(0, start);
    var isSlow = middleOf(gapsOf(before, keys[start].time)) > SLOWEST_SCANNER_MS;
    return /\D$/.test(textOf(before, "text")) && (isSlow || /\s/.test(textOf(before, "text")));
  }

  function findComplete(end) {
    for (var start = 0; start < keys.length; start += 1) {
      var typed = keys.slice(start);
      if (middleOf(gapsOf(typed, end)) > SCANNER_KEY_MS || !isHandBefore(start)) continue;
      if (isComplete(textOf(typed, "text"))) return { typed: typed, text: textOf(typed, "text"), complete: true };
      if (isComplete(textOf(typed, "position"))) {
        return { typed: typed, text: textOf(typed, "position"), complete: true };
      }
    }
    return null;
  }

  // The longest end of what was typed that no hand types so fast, with a digit in it.
  function findFragment(end) {
    var gaps = gapsOf(keys, end);
    var start = keys.length;
    for (var first = keys.length - 1; first >= 0; first -= 1) {
      if (gaps[first] > PAUSE_IN_FRAGMENT_MS || /\s/.test(keys[first].text)) break;
      if (middleOf(gaps.slice(first)) <= FASTEST_HAND_MS) start = first;
    }
    var typed = keys.slice(start);
    var isCode = /\d/.test(textOf(typed, "text")) || /\d/.test(textOf(typed, "position"));
    return typed.length >= SHORTEST_FRAGMENT && isCode ? { typed: typed, complete: false } : null;
  }

  // What is done with it

  function say(sentence) {
    var note = document.getElementById("scan-note");
    if (note) note.textContent = sentence;
  }

  function take(scan, time) {
    var form = document.querySelector("form[data-scan]");
    putBack(scan.typed);
    if (!form) {
      say(document.body.dataset.scanIgnored || "");
    } else if (scan.complete) {
      leaving = time;
      form.elements.text.value = scan.text;
      form.requestSubmit();
    } else {
      say("That came as fast as a scanner types, but it is no complete code. Nobody was opened and nothing was"
        + " entered. Scan again, or type the number in Find.");
    }
  }

  function swallow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  function isEnd(event) {
    if (event.ctrlKey) return event.code === "KeyJ" || event.code === "KeyM";
    return event.key === "Enter" || (event.key === "Tab" && !event.shiftKey);
  }

  function takesScans(target) {
    return Boolean(target.dataset && "takesScans" in target.dataset);
  }

  function finish(event) {
    var time = event.timeStamp;
    if (time - ended < SECOND_END_MS && !keys.length) return swallow(event);
    var prefix = document.body.dataset.scannerPrefix || "";
    var scan = !keys.length ? null : findPrefixed(prefix, time);
    if (takesScans(event.target)) {
      if (scan) {
        // A field of several lines keeps the scans before this one.
        var field = event.target;
        var before = field.tagName === "TEXTAREA" ? field.value.slice(0, -scan.text.length) : "";
        field.value = before + scan.text.slice(prefix.length);
      }
      keys = [];
      return;
    }
    var isKeying = event.target.closest("form.keying"); // people key numbers there faster than anywhere
    if (!scan && !(isKeying && event.key === "Tab")) scan = findComplete(time);
    if (!scan && !isKeying && !takesFragments(event.target)) scan = findFragment(time);
    keys = [];
    if (!scan) return;
    ended = time;
    swallow(event);
    take(scan, time);
  }

  // In a search box a fragment only makes a list, from which a person chooses; a key that types a
  // one-time code is as fast as a scanner.
  function takesFragments(target) {
    var isSearch = target.form && target.form.getAttribute("role") === "search";
    return Boolean(isSearch || target.autocomplete === "one-time-code");
  }

  window.addEventListener("keydown", function (event) {
    if (!event.key || !event.target || !event.target.tagName) return;
    if (isEnd(event) && (!event.ctrlKey || keys.length || event.timeStamp - ended < SECOND_END_MS)) return finish(event);
    var isSeparator = event.ctrlKey && event.code === "BracketRight"; // GS, between the parts of a GS1 code
    var isText = event.key.length === 1 || event.key === "Dead";
    if (!isSeparator && (!isText || (event.ctrlKey || event.altKey || event.metaKey) && !isThirdLevel(event))) return;
    if (event.repeat || (keys.length && event.timeStamp - keys[keys.length - 1].time > PAUSE_IN_CODE_MS)) keys = [];
    if (event.repeat) return;
    keys.push({
      text: isSeparator ? "\x1d" : event.key.length === 1 ? event.key : "",
      position: isSeparator ? "\x1d" : readPosition(event),
      time: event.timeStamp,
      field: readField(event.target),
    });
    if (isSeparator || event.timeStamp - leaving < LEAVING_MS) swallow(event);
  }, true);

  function isThirdLevel(event) {
    return event.getModifierState("AltGraph");
  }

  window.addEventListener("pointerdown", function () { keys = []; }, true);
})();
