/* Mounts Swagger UI at the end of the page, for requests to be tried out. All else on the page works
   without it. */
"use strict";

const place = document.getElementById("swagger-ui");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function followScheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

/* What is answered to people, they look at themselves. The examples are replaced by a campaign that
   there is and its quarter, so that the first request which is tried out succeeds. */
function forPrograms(described) {
  const known = { campaign_id: place.dataset.campaign, quarter: Number(place.dataset.quarter) };
  for (const [path, operations] of Object.entries(described.paths)) {
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
      delete described.paths[path];
    }
  }
  described.tags = described.tags.filter((tag) => tag.name !== "pages");
  return described;
}

async function mount() {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) {
    place.textContent = `The description could not be read (${answer.status}). Load the page again.`;
    return;
  }
  SwaggerUIBundle({
    spec: forPrograms(await answer.json()),
    domNode: place,
    /* What it would say about the whole is said above. */
    plugins: [() => ({ components: { InfoContainer: () => null } })],
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    /* Nobody else is asked whether the description is valid. */
    validatorUrl: null,
  });
}

followScheme();
dark.addEventListener("change", followScheme);
mount();
