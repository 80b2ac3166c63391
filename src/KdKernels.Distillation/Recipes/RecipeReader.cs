using System.Collections;
using System.Reflection;
using System.Text;
using KdKernels.Distillation.Methods;

namespace KdKernels.Distillation.Recipes;

/// <summary>
/// Reads recipes: shipped ones by name, others by path. Precedence: defaults, then the file, then (when asked for) the
/// quick
/// settings, then the environment, then overrides such as <c>student.solver.lr=0.1</c>.
/// <para>Environment: <c>KD_DATA</c> (the folder that holds <c>mnist</c>, <c>cifar10</c> and <c>cifar100</c>; gives
/// <c>data.root</c> for these), <c>KD_DEVICE</c> (<c>device</c>), <c>KD_THREADS</c> (<c>threads</c>).</para>
/// </summary>
public static class RecipeReader
{
    /// <summary>The recipe that runs when none is named.</summary>
    public const string DefaultName = "shapes-kd";

    private const string ResourcePrefix = "recipes/";
    private const string Extension = ".yaml";
    private const int MaxFileBytes = 1 << 20;

    private static readonly string[] DataSetsWithFiles = ["mnist", "cifar10", "cifar100"];

    /// <summary>Names of the recipes that come with the library.</summary>
    public static IReadOnlyList<string> Shipped { get; } =
    [
        .. typeof(RecipeReader).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Select(name => name[ResourcePrefix.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The recipe that runs when none is named: the one that comes with the method which the overrides name, where
    /// they name one.</summary>
    public static string DefaultFor(IReadOnlyList<string> overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        string? method = overrides
            .Select(entry => entry.Split('=', 2))
            .Where(parts => parts is ["method" or "distill.method", _])
            .Select(parts => parts[1].Trim())
            .LastOrDefault();
        return method is not null && MethodCatalog.Find(method) is { } definition ? definition.Recipe : DefaultName;
    }

    /// <summary>A shipped recipe as it was written, comments included.</summary>
    public static string ShippedText(string name)
    {
        using Stream stream = typeof(RecipeReader).Assembly.GetManifestResourceStream(ResourcePrefix + name + Extension)
            ?? throw new RecipeException(name, 0, "", $"expected a shipped recipe: {string.Join(", ", Shipped)}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Reads and checks a recipe.</summary>
    /// <param name="nameOrPath">A shipped recipe's name, or the path of a YAML or JSON file.</param>
    /// <param name="overrides"><c>key.path=value</c>, each value written as in YAML.</param>
    /// <param name="quick">Apply <see cref="Recipe.Quick"/> before environment and overrides.</param>
    /// <param name="environment">Environment variables; null takes the process's own.</param>
    /// <exception cref="RecipeException">Something in it is unknown, of the wrong type or impossible; nothing was
    /// trained.</exception>
    public static Recipe Read(
        string nameOrPath,
        IReadOnlyList<string>? overrides = null,
        bool quick = false,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        return Shipped.Contains(nameOrPath, StringComparer.Ordinal)
            ? Parse(ShippedText(nameOrPath), nameOrPath + Extension, overrides, quick, environment)
            : Parse(FileText(nameOrPath), nameOrPath, overrides, quick, environment);
    }

    /// <summary>Reads a recipe from text; <paramref name="source"/> is what error messages call it.</summary>
    /// <inheritdoc cref="Read"/>
    public static Recipe Parse(
        string text,
        string source,
        IReadOnlyList<string>? overrides = null,
        bool quick = false,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        MappingNode root = Document(text, source);
        if (quick)
        {
            root = Document(RecipeBinder.Bind(root).Quick().ToYaml(), source + " (quick)");
        }

        ApplyEnvironment(root, environment ?? ProcessEnvironment());
        foreach (string entry in overrides ?? [])
        {
            ApplyOverride(root, entry);
        }

        return RecipeBinder.Bind(root);
    }

    private static MappingNode Document(string text, string source)
    {
        RecipeNode root = RecipeParser.Parse(text, source);
        // A file of nothing but comments is a recipe of nothing but defaults.
        return root switch
        {
            MappingNode mapping => mapping,
            ScalarNode { IsNull: true } => new MappingNode(source, 1),
            _ => throw new RecipeException(
                source, root.Line, "", "expected keys and values, such as \"name: my-run\""),
        };
    }

    private static string FileText(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            string hint = RecipeNames.Nearest(path, Shipped) is { } nearest ? $"; did you mean {nearest}?" : "";
            throw new RecipeException(
                path, 0, "", $"expected a recipe file or one of {string.Join(", ", Shipped)}{hint}");
        }

        if (file.Length > MaxFileBytes)
        {
            throw new RecipeException(
                path, 0, "", $"expected a recipe of at most {MaxFileBytes} bytes but got {file.Length}");
        }

        try
        {
            return File.ReadAllText(
                path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RecipeException(path, 0, "", $"cannot be read: {error.Message}");
        }
    }

    private static void ApplyEnvironment(MappingNode root, IReadOnlyDictionary<string, string> environment)
    {
        Apply("KD_DEVICE", "device");
        Apply("KD_THREADS", "threads");
        var name = (root.Find("data") as MappingNode)?.Find("name") as ScalarNode;
        string dataSet = name?.Text ?? new DataRecipe().Name;
        if (DataSetsWithFiles.Contains(dataSet, StringComparer.Ordinal))
        {
            Apply("KD_DATA", "data.root");
        }

        void Apply(string variable, string key)
        {
            if (environment.TryGetValue(variable, out string? value) && value.Length > 0)
            {
                root.SetPath(key.Split('.'), new ScalarNode(variable, 0, value, Quoted: false));
            }
        }
    }

    private static void ApplyOverride(MappingNode root, string entry)
    {
        string source = $"-s {entry}";
        int equals = entry.IndexOf('=', StringComparison.Ordinal);
        string[] path = equals > 0 ? entry[..equals].Split('.') : [];
        if (path.Length == 0 || Array.Exists(path, part => part.Length == 0))
        {
            throw new RecipeException(source, 0, "", "expected key.path=value, such as student.solver.lr=0.1");
        }

        RecipeNode value = WithoutLines(RecipeParser.Parse(entry[(equals + 1)..], source));
        bool isMethod = path is ["method"] or ["distill", "method"];
        if (isMethod)
        {
            KeepOnlyShared(root, value);
            path = ["distill", "method"];
        }

        root.SetPath(path, value);
    }

    /// <summary>Another method has other settings: what the recipe says about its own does not go with it.</summary>
    private static void KeepOnlyShared(MappingNode root, RecipeNode method)
    {
        if (root.Find("distill") is not MappingNode distill
            || (distill.Find("method") is ScalarNode own && method is ScalarNode other && own.Text == other.Text))
        {
            return;
        }

        var shared = new MappingNode(distill.Source, distill.Line);
        foreach ((string key, RecipeNode value) in distill.Entries)
        {
            if (key is "labels" or "ops" or "switch")
            {
                shared.Set(key, value);
            }
        }

        root.Set("distill", shared);
    }

    // An override is one line of a command; numbering it would send the reader looking for a file.
    private static RecipeNode WithoutLines(RecipeNode node)
    {
        switch (node)
        {
            case MappingNode mapping:
                var plain = new MappingNode(node.Source, 0);
                foreach ((string key, RecipeNode value) in mapping.Entries)
                {
                    plain.Set(key, WithoutLines(value));
                }

                return plain;
            case SequenceNode sequence:
                return sequence with { Line = 0, Items = [.. sequence.Items.Select(WithoutLines)] };
            default:
                return node with { Line = 0 };
        }
    }

    private static Dictionary<string, string> ProcessEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}
