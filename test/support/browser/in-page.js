/*
 * What the checks look at, evaluated inside the page that they check (`in-page.ts`). Not TypeScript, because the types of a browser
 * would be known to the whole house then. Answers are plain JSON.
 */
globalThis.inPage = (() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
  /** As people would point at it. */
  const told = (element) => {
    const words = (element.getAttribute('aria-label') ?? element.innerText ?? '').trim().replaceAll(/\s+/g, ' ');
    const id = element.id === '' ? '' : `#${element.id}`;
    return `<${element.localName}${id}${words === '' ? '' : ` «${words.slice(0, 40)}»`}>`;
  };

  const openDetails = () => {
    for (const details of all('details:not([open])')) details.open = true;
  };

  /** All that people read or hear: the title, the text as it is laid out, and the attributes that are read aloud. */
  const words = () => {
    const spoken = ['alt', 'aria-label', 'aria-description', 'placeholder', 'title', 'label', 'data-label'].flatMap(
      (name) => all(`[${name}]`).map((element) => element.getAttribute(name)),
    );
    const values = all('input:not([type=hidden]), button[value], option').map((element) => element.value);
    const ofGraphics = all('svg :is(title, desc, text)').map((element) => element.textContent);
    return {
      read: [document.title, document.body.innerText, ...spoken, ...values, ...ofGraphics].join('\n'),
      code: all('code, pre, [translate=no]').map((element) => element.innerText),
      address: location.href,
      links: all('[href], [action], [src]').map((element) => element.outerHTML.slice(0, 2000)),
    };
  };

  /** What a policy without inline styles and scripts forbids, found also where the browser did not mind. */
  const inline = () => [
    ...all('script, style, iframe, object, embed, base').map((element) => `<${element.localName}>`),
    ...all('*').flatMap((element) =>
      [...element.attributes]
        .filter(({ name, value }) => name === 'style' || name.startsWith('on') || /^\s*javascript:/i.test(value))
        .map(({ name }) => `${name} on ${told(element)}`),
    ),
  ];

  const frame = () => ({
    h1: all('h1').map((element) => element.innerText.trim()),
    title: document.title,
    language: document.documentElement.lang,
  });

  /** How far the page goes sideways beyond the window, and what reaches out furthest. */
  const sideways = () => {
    const beyond = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const rightOf = (element) => element.getBoundingClientRect().right;
    const widest = all('body *').reduce((a, b) => (a === undefined || rightOf(b) > rightOf(a) ? b : a), undefined);
    return { beyond, widest: widest === undefined ? '' : told(widest) };
  };

  const settled = () =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)));

  /** Violations of these of axe's rules (`runOnly`), with where and why, in the page with its details open. */
  const axeViolations = async (runOnly) => {
    openDetails();
    await settled();
    const { violations } = await globalThis.axe.run(document, {
      runOnly,
      resultTypes: ['violations'],
      preload: false,
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`,
      ),
    );
  };

  /** What can be reached by the keyboard, in the order of the page; of radio buttons of one name, the chosen one. */
  const reachable = () =>
    all('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]').filter((element) => {
      if (element.disabled || element.tabIndex < 0 || !isSeen(element)) return false;
      if (element.type !== 'radio') return true;
      const group = [...(element.form ?? document).querySelectorAll('input[type=radio]')].filter(
        ({ name }) => name === element.name,
      );
      return element === (group.find(({ checked }) => checked) ?? group[0]);
    });

  const LOOK_OF_FOCUS = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow'];
  const focusLook = (element) => {
    const style = getComputedStyle(element);
    return LOOK_OF_FOCUS.map((property) => style[property]);
  };
  /** A mark is an outline or a shadow that is not there without the focus. */
  const isMark = ([line, width, colour, shadow], before) => {
    const outlined = line !== 'none' && parseFloat(width) > 0;
    const changed = [line, width, colour].join() !== before.slice(0, 3).join();
    return (outlined && changed) || (shadow !== 'none' && shadow !== before[3]);
  };

  let stops = [];
  /** Puts the focus before the first thing on the page, and remembers how everything looks without it. */
  const beginKeyboard = () => {
    document.activeElement?.blur();
    const elements = reachable();
    stops = elements.map((element) => {
      // What stands around this one and no other may bear its mark: a button with its label.
      const around = [element];
      for (let at = element.parentElement; at !== null; at = at.parentElement) {
        if (elements.some((other) => other !== element && at.contains(other)) || at.matches('form, main, body')) break;
        around.push(at);
      }
      return { element, looks: around.map((one) => ({ one, unfocused: focusLook(one) })) };
    });
    document.body.tabIndex = -1;
    document.body.focus({ preventScroll: true });
    document.body.removeAttribute('tabindex');
    return stops.map(({ element }) => told(element));
  };

  /** Where the focus is: its place among the stops (-1: on the page itself, -2: somewhere else), and whether people see it. */
  const focused = async () => {
    await settled();
    const element = document.activeElement;
    if (element === null || element === document.body || element === document.documentElement) return { place: -1 };
    const place = stops.findIndex((stop) => stop.element === element);
    if (place < 0) return { place: -2, name: told(element), scrolls: element.scrollWidth > element.clientWidth };
    const marked = stops[place].looks.some(({ one, unfocused }) => isMark(focusLook(one), unfocused));
    const box = element.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
    const hit = document.elementFromPoint(x, y);
    const inLabel = hit?.closest('label')?.control === element;
    const uncovered = hit !== null && (element.contains(hit) || hit.contains(element) || inLabel);
    const { scrollX, scrollY } = globalThis;
    const on = {
      left: box.left + scrollX,
      right: box.right + scrollX,
      top: box.top + scrollY,
      bottom: box.bottom + scrollY,
    };
    return { place, name: told(element), marked, uncovered, box: on };
  };

  /** The colour behind an element: its own, or that of the nearest around it that has one. */
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(at);
      if (backgroundImage !== 'none') return backgroundImage;
      if (!/^(transparent|rgba\(.*, 0\)|.*\/ 0\))$/.test(backgroundColor)) return backgroundColor;
    }
    return 'canvas';
  };

  /** Everything about how an element looks, but for its place and its words; `behind`: the colour that its words stand on. */
  const appearance = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const apart = /^(inset|top$|left$|right$|bottom$|transform-origin|perspective-origin|-webkit-locale)/;
    const styles = [...style].filter((name) => !apart.test(name)).map((name) => [name, style.getPropertyValue(name)]);
    return { ...Object.fromEntries(styles), width: `${box.width}`, height: `${box.height}`, behind: behind(element) };
  };

  return { openDetails, words, inline, frame, sideways, axeViolations, beginKeyboard, focused, appearance };
})();
