window.addEventListener("load", function () {
  window.SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    tagsSorter: "alpha",
    validatorUrl: null,
    syntaxHighlight: { activated: false },
  });
});
