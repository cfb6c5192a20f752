/* Starts Swagger UI on the page that was asked for it. */
"use strict";

const place = document.getElementById("swagger-ui");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function followScheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

/* Leaves out the pages, which people open themselves. Replaces the examples by a campaign that exists
   and its quarter, so that the first request succeeds. */
function forPrograms(description) {
  const known = { campaign_id: place.dataset.campaign, quarter: Number(place.dataset.quarter) };
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (operation.tags.includes("pages")) {
        delete operations[method];
      }
      for (const parameter of operation.parameters ?? []) {
        delete parameter.examples;
        if (parameter.name in known) {
          parameter.example = known[parameter.name];
        }
      }
    }
    if (Object.keys(operations).length === 0) {
      delete description.paths[path];
    }
  }
  /* This site, even if the page was opened at another address than the public one. */
  description.servers = [{ url: location.origin + place.dataset.prefix }];
  description.tags = description.tags.filter((tag) => tag.name !== "pages");
  return description;
}

async function start() {
  const answer = await fetch(place.dataset.openapi);
  if (!answer.ok) {
    place.textContent = `The description could not be read (${answer.status}). Reload the page.`;
    return;
  }
  SwaggerUIBundle({
    spec: forPrograms(await answer.json()),
    domNode: place,
    /* The complete description of the API is on the page that leads here. */
    plugins: [() => ({ components: { InfoContainer: () => null } })],
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    /* No other server is asked whether the description is valid. */
    validatorUrl: null,
  });
}

followScheme();
dark.addEventListener("change", followScheme);
start();
