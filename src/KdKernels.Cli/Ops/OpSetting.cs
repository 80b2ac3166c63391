using System.Globalization;
using System.Text.Json.Serialization;
using KdKernels.Core;

namespace KdKernels.Cli.Ops;

/// <summary>What values a setting takes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OpSettingKind>))]
internal enum OpSettingKind
{
    [JsonStringEnumMemberName("number")]
    Number,

    [JsonStringEnumMemberName("integer")]
    Integer,

    [JsonStringEnumMemberName("flag")]
    Flag,

    [JsonStringEnumMemberName("choice")]
    Choice,
}

/// <summary>A setting of an op, as in <c>--set KEY=VALUE</c>.</summary>
internal sealed record OpSetting(string Name, OpSettingKind Kind, string? Default, string Description)
{
    /// <summary>The values of a choice.</summary>
    public IReadOnlyList<string>? Choices { get; init; }

    /// <summary>T, without a default: no op guesses it.</summary>
    public static OpSetting Temperature { get; } = Number("temperature", null, "T; inf where the op has a limit");

    /// <summary>How rows are combined.</summary>
    public static OpSetting Reduction { get; } = ReductionOf("batch-mean");

    /// <summary>Whether the loss carries T².</summary>
    public static OpSetting TSquared { get; } = Flag("t-squared", true, "multiply by T²");

    /// <summary>The label of rows that count for nothing.</summary>
    public static OpSetting IgnoreIndex { get; } = Integer("ignore-index", "-100", "rows with this label count for nothing");

    /// <summary>The class dimension.</summary>
    public static OpSetting Dim { get; } = Integer("dim", "1", "the class dimension");

    /// <param name="name">The key.</param>
    /// <param name="otherwise">The default; null where a value is required.</param>
    /// <param name="description">What it is.</param>
    public static OpSetting Number(string name, string? otherwise, string description) =>
        new(name, OpSettingKind.Number, otherwise, description);

    /// <inheritdoc cref="Number"/>
    public static OpSetting Integer(string name, string? otherwise, string description) =>
        new(name, OpSettingKind.Integer, otherwise, description);

    /// <inheritdoc cref="Number"/>
    public static OpSetting Flag(string name, bool otherwise, string description) =>
        new(name, OpSettingKind.Flag, otherwise ? "true" : "false", description);

    /// <summary>One of several words, the first of which is the default.</summary>
    public static OpSetting Choice(string name, string description, params string[] values) =>
        new(name, OpSettingKind.Choice, values[0], description) { Choices = values };

    /// <summary>The reduction with another default.</summary>
    public static OpSetting ReductionOf(string otherwise) =>
        new("reduction", OpSettingKind.Choice, otherwise, "how rows are combined")
        {
            Choices = ["none", "sum", "mean", "batch-mean"],
        };

    /// <summary>The value in the form that <see cref="OpCall"/> keeps.</summary>
    /// <exception cref="OpException">The text is no such value.</exception>
    public object Parse(string text)
    {
        object? value = Kind switch
        {
            OpSettingKind.Number => ParseNumber(text),
            OpSettingKind.Integer =>
                long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long l) ? l : null,
            OpSettingKind.Flag => bool.TryParse(text, out bool flag) ? flag : null,
            _ => Choices!.Contains(text, StringComparer.Ordinal) ? text : null,
        };
        return value ?? throw new OpException($"expected {Name} to be {Expected} but got '{text}'");
    }

    /// <summary>The reduction that a word names.</summary>
    public static KdReduction ToReduction(string word) => word switch
    {
        "none" => KdReduction.None,
        "sum" => KdReduction.Sum,
        "mean" => KdReduction.Mean,
        _ => KdReduction.BatchMean,
    };

    private string Expected => Kind switch
    {
        OpSettingKind.Number => "a number",
        OpSettingKind.Integer => "a whole number",
        OpSettingKind.Flag => "true or false",
        _ => $"one of {string.Join(", ", Choices!)}",
    };

    private static object? ParseNumber(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null,
    };
}
