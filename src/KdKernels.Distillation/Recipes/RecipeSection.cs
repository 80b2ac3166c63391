using System.Globalization;

namespace KdKernels.Distillation.Recipes;

/// <summary>
/// A mapping of a recipe while it is being read: every access names a key that is allowed there, and
/// <see cref="RejectUnknown"/> refuses whatever was not asked for.
/// </summary>
internal sealed class RecipeSection(MappingNode node, string path)
{
    private readonly List<string> known = [];

    public RecipeSection Section(string key)
    {
        RecipeNode? value = Take(key);
        return value switch
        {
            null => new RecipeSection(new MappingNode(node.Source, node.Line), Path(key)),
            MappingNode mapping => new RecipeSection(mapping, Path(key)),
            _ => throw Error(key, $"expected a section of keys but got {Describe(value)}"),
        };
    }

    /// <summary>A list of mappings; none where the key is missing.</summary>
    public IReadOnlyList<RecipeSection> Sections(string key) => Take(key) switch
    {
        null or ScalarNode { IsNull: true } => [],
        SequenceNode sequence =>
        [
            .. sequence.Items.Select((item, index) => item is MappingNode mapping
                ? new RecipeSection(mapping, Path($"{key}[{index}]"))
                : throw Error($"{key}[{index}]", $"expected a section of keys but got {Describe(item)}")),
        ],
        RecipeNode other => throw Error(key, $"expected a list of sections but got {Describe(other)}"),
    };

    /// <summary>The items of a list as they were written; none where the key is missing.</summary>
    public IReadOnlyList<RecipeNode> Nodes(string key) => Take(key) switch
    {
        null or ScalarNode { IsNull: true } => [],
        SequenceNode sequence => sequence.Items,
        RecipeNode other => throw Error(key, $"expected a list but got {Describe(other)}"),
    };

    /// <summary>Whether a key is there and is not null. Asking does not make it known.</summary>
    public bool Holds(string key) => node.Find(key) is not null and not ScalarNode { IsNull: true };

    /// <summary>Makes a key known that may be null.</summary>
    public void Allow(string key) => Take(key);

    public string Text(string key, string fallback) => OptionalText(key) ?? fallback;

    public string? OptionalText(string key) => Take(key) switch
    {
        null or ScalarNode { IsNull: true } => null,
        ScalarNode scalar => scalar.Text,
        RecipeNode other => throw Error(key, $"expected text but got {Describe(other)}"),
    };

    public string OneOf(string key, string fallback, IReadOnlyList<string> names)
    {
        string name = Text(key, fallback);
        return names.Contains(name, StringComparer.Ordinal)
            ? name
            : throw Error(key, $"expected one of {string.Join(", ", names)} but got '{name}'{Hint(name, names)}");
    }

    public T Choice<T>(string key, T fallback)
        where T : struct, Enum
    {
        string name = OneOf(key, RecipeNames.Of(fallback), RecipeNames.All<T>());
        return Enum.GetValues<T>().First(value => string.Equals(RecipeNames.Of(value), name, StringComparison.Ordinal));
    }

    public bool Boolean(string key, bool fallback) => Take(key) switch
    {
        null => fallback,
        ScalarNode { Quoted: false, Text: "true" } => true,
        ScalarNode { Quoted: false, Text: "false" } => false,
        RecipeNode other => throw Error(key, $"expected true or false but got {Describe(other)}"),
    };

    public int Whole(string key, int fallback, int least, int most = int.MaxValue) =>
        (int)WholeLong(key, fallback, least, most);

    public long WholeLong(string key, long fallback, long least, long most) =>
        Take(key) is { } value ? WholeOf(key, value, least, most) : fallback;

    /// <summary>Null where the key is missing or null.</summary>
    public int? OptionalWhole(string key, int least) =>
        Take(key) is { } value and not ScalarNode { IsNull: true } ? (int)WholeOf(key, value, least, int.MaxValue) : null;

    public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> fallback) => Take(key) switch
    {
        null => fallback,
        SequenceNode sequence =>
        [
            .. sequence.Items.Select((item, index) => item is ScalarNode { IsNull: false } scalar
                ? scalar.Text
                : throw Error($"{key}[{index}]", $"expected text but got {Describe(item)}")),
        ],
        RecipeNode other => throw Error(key, $"expected a list of names but got {Describe(other)}"),
    };

    public IReadOnlyList<double> Reals(string key, Predicate<double> allowed, string expected) => Take(key) switch
    {
        null => [],
        SequenceNode sequence =>
        [
            .. sequence.Items.Select((item, index) => RealOf(
                $"{key}[{index}]", item, number => double.IsFinite(number) && allowed(number), expected)),
        ],
        RecipeNode other => throw Error(key, $"expected a list of numbers but got {Describe(other)}"),
    };

    public IReadOnlyList<int> Wholes(string key, IReadOnlyList<int> fallback, int least) => Take(key) switch
    {
        null => fallback,
        SequenceNode sequence =>
            [.. sequence.Items.Select((item, index) => (int)WholeOf($"{key}[{index}]", item, least, int.MaxValue))],
        RecipeNode other => throw Error(key, $"expected a list of whole numbers but got {Describe(other)}"),
    };

    /// <summary>A finite number for which <paramref name="allowed"/> holds; <paramref name="expected"/> says in words
    /// what that is.</summary>
    public double Real(string key, double fallback, Predicate<double> allowed, string expected) =>
        Take(key) is { } value
            ? RealOf(key, value, number => double.IsFinite(number) && allowed(number), expected)
            : fallback;

    /// <summary>A number, <c>.inf</c> where allowed, or a ramp <c>{from, to, epochs, kind}</c>.</summary>
    public ScheduledValue Scheduled(string key, ScheduledValue fallback, Predicate<double> allowed, string expected)
    {
        RecipeNode? value = Take(key);
        if (value is null)
        {
            return fallback;
        }

        if (value is not MappingNode mapping)
        {
            return RealOf(key, value, allowed, $"{expected}, or a schedule {{from, to, epochs, kind}}");
        }

        var ramp = new RecipeSection(mapping, Path(key));
        double from = ramp.Required("from", ramp.Real("from", double.NaN, allowed.Invoke, expected));
        double to = ramp.Required("to", ramp.Real("to", double.NaN, allowed.Invoke, expected));
        double epochs = ramp.Required(
            "epochs", ramp.Real("epochs", double.NaN, number => number > 0, "a number of epochs above 0"));
        RampKind kind = ramp.Choice("kind", RampKind.Linear);
        ramp.RejectUnknown();
        return new ScheduledValue(from, to, epochs, kind);
    }

    public void RejectUnknown()
    {
        foreach ((string key, RecipeNode value) in node.Entries)
        {
            if (!known.Contains(key, StringComparer.Ordinal))
            {
                throw new RecipeException(value.Source, value.Line, Path(key),
                    $"unknown key, expected one of {string.Join(", ", known)}{Hint(key, known)}");
            }
        }
    }

    public RecipeException Error(string key, string problem)
    {
        // A message about an item of a list is about the line of its list, or of its own where it has one.
        RecipeNode place = node.Find(key.Split('[')[0]) ?? node;
        return new RecipeException(place.Source, place.Line, Path(key), problem);
    }

    private static string Hint(string name, IEnumerable<string> candidates) =>
        RecipeNames.Nearest(name, candidates) is { } nearest ? $"; did you mean {nearest}?" : "";

    private static string Describe(RecipeNode value) => value switch
    {
        SequenceNode => "a list",
        MappingNode => "a section",
        ScalarNode { IsNull: true } => "nothing",
        ScalarNode { Quoted: true } scalar => $"the text \"{Shortened(scalar.Text)}\"",
        ScalarNode scalar => Shortened(scalar.Text),
        _ => "something else",
    };

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..77] + "...";

    private double Required(string key, double value) =>
        double.IsNaN(value) ? throw Error(key, "this key is missing") : value;

    private long WholeOf(string key, RecipeNode value, long least, long most)
    {
        bool valid = value is ScalarNode { Quoted: false } scalar
            && long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && number >= least && number <= most;
        string range = most is int.MaxValue or long.MaxValue ? $"of at least {least}" : $"from {least} to {most}";
        return valid
            ? long.Parse(((ScalarNode)value).Text, CultureInfo.InvariantCulture)
            : throw Error(key, $"expected a whole number {range} but got {Describe(value)}");
    }

    private double RealOf(string key, RecipeNode value, Predicate<double> allowed, string expected)
    {
        double number = double.NaN;
        if (value is ScalarNode { Quoted: false } scalar
            && !double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
        {
            number = scalar.Text is ".inf" or ".Inf" or ".INF" or "+.inf" ? double.PositiveInfinity : double.NaN;
        }

        return !double.IsNaN(number) && allowed(number)
            ? number
            : throw Error(key, $"expected {expected} but got {Describe(value)}");
    }

    private RecipeNode? Take(string key)
    {
        if (!known.Contains(key, StringComparer.Ordinal))
        {
            known.Add(key);
        }

        return node.Find(key);
    }

    private string Path(string key) => path.Length == 0 ? key : $"{path}.{key}";
}
