using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;
using KdKernels.Distillation.Tasks;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd list</c>: the names that a recipe may use.</summary>
internal static partial class ListCommand
{
    private const int Width = 80;
    private const string Gap = "   ";
    private const string Methods = "methods";

    private static readonly Dictionary<string, Func<IEnumerable<ListedName>>> Kinds = new(StringComparer.Ordinal)
    {
        [Methods] = () => MethodCatalog.All.Select(method => new ListedName(method.Name, method.Paper.Length == 0
            ? method.Summary
            : $"{method.Summary}. {method.Paper}")),
        ["models"] = () => ModelRegistry.Models.Select(model => new ListedName(
            model.Name, model.Kind == "images" ? model.Description : $"{model.Description} ({model.Kind})")),
        ["datasets"] = () => TaskCatalog.Names.Select(
            name => new ListedName(name, $"{TaskCatalog.Describe(name)} ({TaskCatalog.KindOf(name)})")),
        ["sweeps"] = ()
            => SweepReader.Shipped.Select(name => new ListedName(name, FirstSentence(SweepReader.ShippedText(name)))),
        ["recipes"] = ()
            => RecipeReader.Shipped.Select(name => new ListedName(name, FirstSentence(RecipeReader.ShippedText(name)))),
    };

    public static Command Create(CliConsole console)
    {
        // Checked below, with what stands behind it: a second argument makes the library skip the first one's own check.
        var kind = new Argument<string>("kind") { Description = string.Join(", ", Kinds.Keys) };
        var method = new Argument<string?>("name")
        {
            Description = "With methods: one of them, for its page.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new Option<bool>("--json") { Description = "One JSON array on one line." };
        var pages = new Option<string?>("--pages")
        {
            Description = "With methods: writes every method's page into this folder.",
            HelpName = "dir",
        };
        var command = new Command("list", "Lists the names that a recipe may use.") { kind, method, json, pages };
        command.Validators.Add(result =>
        {
            string asked = result.GetValue(kind) ?? "";
            if (!Kinds.ContainsKey(asked))
            {
                result.AddError($"Expected one of {string.Join(", ", Kinds.Keys)} but got '{asked}'.");
                return;
            }

            bool methods = string.Equals(asked, Methods, StringComparison.Ordinal);
            if (!methods && (result.GetValue(method) is not null || result.GetValue(pages) is not null))
                result.AddError($"Only {Methods} have pages.");
            if (methods && result.GetValue(method) is { } name && MethodCatalog.Find(name) is null)
                result.AddError($"Expected one of {string.Join(", ", MethodCatalog.Names)} but got '{name}'.");
        });
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(method) is { } name)
            {
                console.Out.Write(MethodPage.Of(MethodCatalog.Find(name)!));
                return ExitCode.Done;
            }

            if (parsed.GetValue(pages) is { } folder)
            {
                Directory.CreateDirectory(folder);
                foreach ((string file, string text) in MethodPage.All)
                    File.WriteAllText(Path.Combine(folder, file), text);
                return ExitCode.Done;
            }

            ListedName[] names = [.. Kinds[parsed.GetValue(kind)!]()];
            console.Out.Write(parsed.GetValue(json)
                ? JsonLine.Of(names, JsonLine.Types.ListedNameArray) + "\n"
                : Lines(names));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Lines(ListedName[] names)
    {
        int indent = names.Max(entry => entry.Name.Length) + Gap.Length;
        var text = new StringBuilder();
        foreach (ListedName entry in names)
        {
            string head = entry.Name.PadRight(indent);
            foreach (string line in TextWrap.Lines(entry.Description, Width - indent))
            {
                text.Append(head).Append(line).Append('\n');
                head = new string(' ', indent);
            }
        }

        return text.ToString();
    }

    /// <summary>A shipped recipe begins with a comment, whose first sentence says what it is.</summary>
    private static string FirstSentence(string recipe)
    {
        IEnumerable<string> comment =
            recipe.Split('\n').TakeWhile(line => line.StartsWith('#')).Select(line => line.TrimStart('#').Trim());
        return SentenceEnd().Split(string.Join(' ', comment), 2)[0];
    }

    /// <summary>White space after a full stop and before a capital: "et al. 2015" goes on.</summary>
    [GeneratedRegex(@"(?<=\.)\s+(?=\p{Lu})", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SentenceEnd();
}
