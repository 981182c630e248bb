"""The drawings of grades, in Chromium: what they show lies on the face."""

from playwright.sync_api import BrowserContext

OFF_THE_FACE = """() => [...document.querySelectorAll("svg.ct-drawing:has(.skin)")].flatMap((svg) => {
  const skin = svg.querySelector(".skin");
  const own = (path) => Array.from({length: 201}, (_, n) => path.getPointAtLength((path.getTotalLength() * n) / 200));
  const points = [...svg.querySelectorAll(".fine, .vein")].flatMap(own);
  for (const { cx, cy } of svg.querySelectorAll("circle"))
    points.push(new DOMPoint(cx.baseVal.value, cy.baseVal.value));
  return points.filter((one) => !skin.isPointInFill(one)).map((one) => [one.x, one.y]);
})"""


def test_lines_and_spots_lie_on_the_face(context: BrowserContext) -> None:
    """Crow's feet crossed the outline, and read as whiskers."""
    page = context.new_page()
    page.goto("/all")
    assert page.locator("svg.ct-drawing:has(.fine)").count() > 4
    assert page.evaluate(OFF_THE_FACE) == []
    page.evaluate("document.querySelector('svg.ct-drawing .fine').setAttribute('d', 'M24 40l-8 -3')")
    assert page.evaluate(OFF_THE_FACE) != []
