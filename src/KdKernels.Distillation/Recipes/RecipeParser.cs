using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace KdKernels.Distillation.Recipes;

/// <summary>
/// YAML (or JSON, which is YAML) to a tree of plain values. Tags, anchors and aliases are refused: a recipe holds data,
/// never types and
/// never more of it than was written. The limits keep a hostile file from costing more than a moment.
/// </summary>
internal sealed class RecipeParser
{
    private const int MaxCharacters = 1 << 18;
    private const int MaxDepth = 64;
    private const int MaxNodes = 10_000;

    private readonly string source;
    private readonly Parser parser;
    private int nodes;

    private RecipeParser(string text, string source)
    {
        this.source = source;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>Parses one document.</summary>
    /// <exception cref="RecipeException">The text is not YAML, too large, or uses what recipes may not use.</exception>
    public static RecipeNode Parse(string text, string source)
    {
        if (text.Length > MaxCharacters)
        {
            throw new RecipeException(
                source, 0, "", $"expected at most {MaxCharacters} characters but got {text.Length}");
        }

        try
        {
            return new RecipeParser(text, source).Document();
        }
        catch (YamlException error)
        {
            throw new RecipeException(
                source, Math.Max(1, (int)error.Start.Line), "", $"not valid YAML: {error.Message}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or FormatException
            or IndexOutOfRangeException or OverflowException)
        {
            // YamlDotNet's scanner does not always say what it means: "a: {b: @" ends in an InvalidOperationException.
            throw new RecipeException(source, 0, "", $"not valid YAML: {error.Message}");
        }
    }

    private RecipeNode Document()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _))
        {
            return new ScalarNode(source, 1, "", Quoted: false);
        }

        parser.Consume<DocumentStart>();
        RecipeNode root = Node("", 1);
        parser.Consume<DocumentEnd>();
        if (!parser.TryConsume<StreamEnd>(out _))
        {
            throw Error((int)(parser.Current?.Start.Line ?? 0), "", "expected one document but got several");
        }

        return root;
    }

    private RecipeNode Node(string path, int depth)
    {
        ParsingEvent item = parser.Consume<ParsingEvent>();
        int line = (int)item.Start.Line;
        if (++nodes > MaxNodes)
        {
            throw Error(line, "", $"expected at most {MaxNodes} values but got more");
        }

        if (depth > MaxDepth)
        {
            throw Error(line, "", $"expected at most {MaxDepth} levels but got more");
        }

        if (item is AnchorAlias || item is NodeEvent { Anchor.IsEmpty: false })
        {
            throw Error(line, path, "anchors and aliases (& and *) are not allowed in a recipe");
        }

        // JSON's and YAML's ordinary quotes give the non-specific tag "!", which names no type.
        if (item is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
        {
            throw Error(line, path, $"tags ({tag.Value}) are not allowed in a recipe");
        }

        return item switch
        {
            Scalar scalar => new ScalarNode(source, line, scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => Sequence(line, path, depth),
            MappingStart => Mapping(line, path, depth),
            _ => throw Error(line, path, "expected a value"),
        };
    }

    private SequenceNode Sequence(int line, string path, int depth)
    {
        List<RecipeNode> items = [];
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node($"{path}[{items.Count}]", depth + 1));
        }

        return new SequenceNode(source, line, items);
    }

    private MappingNode Mapping(int line, string path, int depth)
    {
        var mapping = new MappingNode(source, line);
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            RecipeNode keyNode = Node(path, depth + 1);
            if (keyNode is not ScalarNode { Text: var key })
            {
                throw Error(keyNode.Line, path, "expected a name as key but got a list or a mapping");
            }

            string keyPath = path.Length == 0 ? key : $"{path}.{key}";
            if (!seen.Add(key))
            {
                throw Error(keyNode.Line, keyPath, "this key is given twice");
            }

            mapping.Set(key, Node(keyPath, depth + 1));
        }

        return mapping;
    }

    private RecipeException Error(int line, string path, string problem) => new(source, line, path, problem);
}
