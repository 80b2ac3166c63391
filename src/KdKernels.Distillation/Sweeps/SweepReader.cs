using System.Text;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Sweeps;

/// <summary>Reads sweeps: shipped ones by name, others by path.</summary>
public static class SweepReader
{
    private const string ResourcePrefix = "sweeps/";
    private const string Extension = ".yaml";

    /// <summary>Names of the sweeps that come with the library.</summary>
    public static IReadOnlyList<string> Shipped { get; } =
    [
        .. typeof(SweepReader).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Select(name => name[ResourcePrefix.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A shipped sweep as it was written.</summary>
    public static string ShippedText(string name)
    {
        using Stream stream = typeof(SweepReader).Assembly.GetManifestResourceStream(ResourcePrefix + name + Extension)
            ?? throw new RecipeException(name, 0, "", $"expected a shipped sweep: {string.Join(", ", Shipped)}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Reads and checks a sweep and all of its recipes.</summary>
    /// <param name="nameOrPath">A shipped sweep's name, or the path of a YAML file.</param>
    /// <param name="filter">What of it to keep, and what to override.</param>
    /// <param name="environment">Environment variables; null takes the process's own.</param>
    /// <exception cref="RecipeException">Something in it is unknown, of the wrong type or impossible.</exception>
    public static Sweep Read(
        string nameOrPath, SweepFilter? filter = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        string text = Shipped.Contains(nameOrPath, StringComparer.Ordinal)
            ? ShippedText(nameOrPath)
            : File.Exists(nameOrPath)
                ? File.ReadAllText(nameOrPath)
                : throw new RecipeException(
                    nameOrPath, 0, "", $"expected a sweep file or one of {string.Join(", ", Shipped)}");
        return Parse(text, nameOrPath, filter, environment);
    }

    /// <summary>A sweep over methods by name, on recipes by name, with their defaults.</summary>
    /// <inheritdoc cref="Read"/>
    public static Sweep Of(
        IReadOnlyList<string> methods,
        IReadOnlyList<string> recipes,
        SweepFilter? filter = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(methods);
        ArgumentNullException.ThrowIfNull(recipes);
        var yaml = new StringBuilder("name: sweep\nentries:\n");
        foreach (string recipe in recipes)
        {
            yaml.Append("  - {recipe: ").Append(RecipeWriter.Value(recipe)).Append("}\n");
        }

        yaml.Append("methods: [").AppendJoin(", ", methods.Select(RecipeWriter.Value)).Append("]\n");
        return Parse(yaml.ToString(), "--methods", filter, environment);
    }

    /// <summary>Reads a sweep from text; <paramref name="source"/> is what error messages call it.</summary>
    /// <inheritdoc cref="Read"/>
    public static Sweep Parse(
        string text, string source, SweepFilter? filter = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        filter ??= new SweepFilter();
        MappingNode document = RecipeParser.Parse(text, source) as MappingNode
            ?? throw new RecipeException(source, 1, "", "expected keys and values, such as \"name: my-sweep\"");
        var root = new RecipeSection(document, "");
        string name = root.Text("name", "sweep");
        IReadOnlyList<SweepArm> arms = Arms(root, "methods");
        List<SweepEntry> entries = [];
        foreach (RecipeSection item in root.Sections("entries"))
        {
            string recipe = item.Text("recipe", RecipeReader.DefaultName);
            string entry = item.Text("name", Path.GetFileNameWithoutExtension(recipe));
            IReadOnlyList<string> settings = item.Texts("set", []);
            IReadOnlyList<SweepArm> own = item.Holds("methods") ? Arms(item, "methods") : arms;
            item.Allow("methods");
            item.RejectUnknown();
            if (filter.Entries.Count > 0 && !filter.Entries.Contains(entry, StringComparer.Ordinal))
            {
                continue;
            }

            SweepArm[] kept =
            [
                .. own.Where(arm => filter.Methods.Count == 0 || filter.Methods.Contains(arm.Name, StringComparer.Ordinal))
                    .Where(arm => arm.Distill.Distils),
            ];
            entries.Add(new SweepEntry
            {
                Name = entry,
                Recipe = RecipeReader.Read(recipe, [.. settings, .. filter.Overrides], filter.Quick, environment)
                    with { Distill = DistillRecipe.None },
                Arms = kept,
            });
        }

        root.RejectUnknown();
        Require(entries, filter, source);
        return new Sweep { Name = name, Entries = entries };
    }

    private static void Require(List<SweepEntry> entries, SweepFilter filter, string source)
    {
        string? twice = entries.GroupBy(entry => entry.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null)
        {
            throw new RecipeException(source, 0, "entries", $"expected each name once but got {twice} twice");
        }

        foreach (string wanted in filter.Methods)
        {
            if (!entries.Exists(entry => entry.Arms.Any(arm => string.Equals(arm.Name, wanted, StringComparison.Ordinal)))
                && !string.Equals(wanted, MethodCatalog.None, StringComparison.Ordinal))
            {
                throw new RecipeException(source, 0, "methods", $"the sweep has no method of the name {wanted}");
            }
        }

        if (entries.Count == 0)
        {
            throw new RecipeException(source, 0, "entries", "expected at least one entry, such as {recipe: shapes-kd}, but got none");
        }
    }

    private static List<SweepArm> Arms(RecipeSection section, string key)
    {
        List<SweepArm> arms = [];
        foreach (RecipeNode item in section.Nodes(key))
        {
            MappingNode mapping;
            string? name = null;
            if (item is ScalarNode scalar)
            {
                mapping = new MappingNode(item.Source, item.Line);
                mapping.Set("method", scalar);
            }
            else
            {
                mapping = item as MappingNode ?? throw section.Error(key, "expected method names or sections with settings");
            }

            var plain = new MappingNode(item.Source, item.Line);
            foreach ((string field, RecipeNode value) in mapping.Entries)
            {
                if (field == "label")
                {
                    name = (value as ScalarNode)?.Text;
                }
                else
                {
                    plain.Set(field, value);
                }
            }

            DistillRecipe distill = RecipeBinder.Distill(new RecipeSection(plain, $"{key}[{arms.Count}]"));
            name ??= string.Join("+", distill.Methods.Select(method => method.Name));
            if (arms.Exists(arm => string.Equals(arm.Name, name, StringComparison.Ordinal)))
            {
                throw section.Error(key, $"expected each method once, or with a label of its own, but got {name} twice");
            }

            if (name is "plain" or "teacher")
            {
                throw section.Error(key, $"expected a label that no other network has but got {name}");
            }

            arms.Add(new SweepArm(name, distill));
        }

        return arms;
    }
}

/// <summary>What a command takes of a sweep.</summary>
public sealed record SweepFilter
{
    /// <summary>Names of methods to keep; empty keeps all.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Names of entries to keep; empty keeps all.</summary>
    public IReadOnlyList<string> Entries { get; init; } = [];

    /// <summary>Overrides of every recipe, as <c>key=value</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    public bool Quick { get; init; }
}
