using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace KdKernels.Distillation.Reporting;

/// <summary>Text that is already HTML. Everything else that enters an <see cref="HtmlBuilder"/> is encoded.</summary>
internal readonly record struct Markup(string Text);

/// <summary>
/// Collects HTML from interpolated strings: the literal parts are markup, the holes are encoded.
/// A class name out of somebody's data set cannot become an element, since there is no other way in.
/// </summary>
internal sealed class HtmlBuilder
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly StringBuilder _text = new();

    /// <summary>The handler has written into this builder by the time it arrives here; what is left is the line's
    /// end.</summary>
    public void Add([InterpolatedStringHandlerArgument("")] ref Handler markup) => _text.Append('\n');

    /// <summary>Adds markup that was built elsewhere, or an asset that ships with the library.</summary>
    public void Add(Markup markup) => _text.Append(markup.Text).Append('\n');

    public Markup ToMarkup() => new(ToString());

    public override string ToString() => _text.ToString();

    [InterpolatedStringHandler]
    internal readonly ref struct Handler(int literalLength, int formattedCount, HtmlBuilder builder)
    {
        private readonly StringBuilder _text = Reserve(builder._text, literalLength + 16 * formattedCount);

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(Markup markup) => _text.Append(markup.Text);

        public void AppendFormatted(string? text) => _text.Append(Encoder.Encode(text ?? ""));

        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable
            => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));

        private static StringBuilder Reserve(StringBuilder text, int more)
        {
            text.EnsureCapacity(text.Length + more);
            return text;
        }
    }
}
