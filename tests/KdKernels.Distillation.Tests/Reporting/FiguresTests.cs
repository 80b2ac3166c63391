using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Reporting;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0.0123, "+1.23")]
    [InlineData(-0.004, "−0.40")]
    [InlineData(0.0, "0.00")]
    [InlineData(0.00001, "0.00")]
    [InlineData(-0.00001, "0.00")]
    [InlineData(double.NaN, "–")]
    public void Points_have_a_sign_unless_they_round_to_nothing(double fraction, string expected)
        => Assert.Equal(expected, Figures.Points(fraction));

    [Theory]
    [InlineData(0.8743, "87.43 %")]
    [InlineData(1.0, "100.00 %")]
    [InlineData(double.NaN, "–")]
    public void Percent_has_two_digits(double fraction, string expected)
        => Assert.Equal(expected, Figures.Percent(fraction));

    [Theory]
    [InlineData(8.44, "8.4 s")]
    [InlineData(59.96, "1 min 00 s")]
    [InlineData(185.2, "3 min 05 s")]
    [InlineData(3599.6, "1 h 00 min")]
    [InlineData(7620, "2 h 07 min")]
    [InlineData(-1, "–")]
    [InlineData(double.PositiveInfinity, "–")]
    public void Durations_are_said_as_people_say_them(double seconds, string expected)
        => Assert.Equal(expected, Figures.Duration(seconds));

    [Theory]
    [InlineData(1, "1 seed")]
    [InlineData(3, "3 seeds")]
    [InlineData(2000, "2,000 seeds")]
    [InlineData(0, "0 seeds")]
    public void Counts_agree_with_their_noun(int count, string expected)
        => Assert.Equal(expected, Figures.Count(count, "seed"));

    [Fact]
    public void One_value_has_no_spread()
    {
        Assert.Equal("75.00 %", Figures.MeanAndSpread(MeanAndDeviation.Of([0.75])));
        Assert.Equal("76.00 ± 1.00 %", Figures.MeanAndSpread(MeanAndDeviation.Of([0.75, 0.76, 0.77])));
        Assert.Equal("–", Figures.MeanAndSpread(null));
    }
}
