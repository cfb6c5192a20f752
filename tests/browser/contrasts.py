"""Measures, in a browser, the contrast of text with its background."""

CONTRASTS = r"""() => {
  // A mixed colour is written as color(srgb ...), whose channels go from 0 to 1.
  const channels = color => color.match(/[\d.]+/g).map(Number)
    .map((each, index) => color.startsWith("color(srgb") && index < 3 ? 255 * each : each);
  const luminance = color => channels(color).slice(0, 3)
    .map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = element => {
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? behind(element.parentElement) : color;
  };
  const speaks = element => element.matches("input") || [...element.childNodes]
    .some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.body.querySelectorAll("*")].filter(speaks).map(element => {
    const [less, more] = [getComputedStyle(element).color, behind(element)]
      .map(luminance).sort((one, other) => one - other);
    return [element.textContent.trim() || element.name, (more + 0.05) / (less + 0.05)];
  });
}"""
"""Gives of every element that has text of its own: the text, and its contrast with what lies behind
it (WCAG 2.2, "contrast ratio")."""
