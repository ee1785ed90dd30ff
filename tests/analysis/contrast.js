// Every text of the page whose contrast is below level AA of WCAG 2, with its ratio. Backgrounds are
// blended with those behind them; gradients and Plotly's own notifications are ignored.
() => {
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts[3] ?? 1 };
  };
  const over = (top, bottom) => top.rgb.map((c, i) => c * top.alpha + bottom[i] * (1 - top.alpha));
  const behind = (element) => {
    const own = parse(getComputedStyle(element).backgroundColor);
    if (own.alpha === 1) return own.rgb;
    return over(own, element.parentElement ? behind(element.parentElement) : [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) =>
      c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let checked = 0;
  const low = [];
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true })
      || element.closest(".plotly-notifier")) continue;
    const style = getComputedStyle(element);
    const colour = parse(element instanceof SVGElement ? style.fill : style.color);
    colour.alpha *= Number(style.opacity);
    const below = behind(element);
    const found = ratio(over(colour, below), below);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    checked += 1;
    if (found < (large ? 3 : 4.5)) low.push([node.data.trim().slice(0, 60), found.toFixed(2)]);
  }
  return { checked, low };
}
