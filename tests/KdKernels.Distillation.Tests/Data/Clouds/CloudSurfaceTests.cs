using KdKernels.Core;
using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>Points lie on the surface, and as many on a part of it as its area says.</summary>
public class CloudSurfaceTests
{
    private const int Count = 20_000;

    // Three standard deviations of a share of one half.
    private const double Tolerance = 0.011;

    [Fact]
    public void Ball()
    {
        var surface = new BallSurface(0.8);
        CloudPoint[] points = Draw(surface);
        Assert.All(points, p => Assert.Equal(0.64, p.X * p.X + p.Y * p.Y + p.Z * p.Z, 1e-12));
        Assert.Equal(0.25, Share(points, p => p.Z > 0.4), Tolerance);
        Assert.Equal(0.25, Share(points, p => p.X > 0.4), Tolerance);
        Assert.Equal(4 * Math.PI * 0.64, surface.Area, 1e-12);
    }

    [Fact]
    public void Box()
    {
        var surface = new BoxSurface(0.5, 1, 0.25);
        CloudPoint[] points = Draw(surface);
        Assert.All(points, p => Assert.Equal(1, Math.Max(Math.Abs(p.X) / 0.5, Math.Max(Math.Abs(p.Y), Math.Abs(p.Z) / 0.25))));
        Assert.Equal(2 * (1 * 2 + 2 * 0.5 + 0.5 * 1), surface.Area, 1e-12);
        Assert.Equal(1 * 2 / surface.Area, Share(points, p => p.Z == 0.25), Tolerance);
        Assert.Equal(2 * 0.5 / surface.Area, Share(points, p => p.X == -0.5), Tolerance);
        Assert.Equal(0.5 * 1 / surface.Area, Share(points, p => p.Y == 1), Tolerance);
    }

    [Theory]
    [InlineData(0.8, 0.4)]
    [InlineData(0.3, 0.9)]
    [InlineData(0.7, 0)]
    [InlineData(0.6, 0.6)]
    public void Frustum(double bottom, double top)
    {
        const double half = 0.75;
        var surface = new FrustumSurface(bottom, top, half);
        CloudPoint[] points = Draw(surface);
        foreach (CloudPoint p in points)
        {
            double radius = Math.Sqrt(p.X * p.X + p.Y * p.Y);
            double side = bottom + (top - bottom) * (p.Z / half + 1) / 2;
            bool isCap = Math.Abs(p.Z) == half;
            Assert.True(isCap ? radius <= side + 1e-9 : Math.Abs(radius - side) < 1e-9, $"{p}");
        }

        double slant = Math.Sqrt((bottom - top) * (bottom - top) + 4 * half * half);
        double lower = Math.PI * (bottom + (bottom + top) / 2) * slant / 2;
        double lid = Math.PI * bottom * bottom;
        Assert.Equal(Math.PI * (bottom + top) * slant + lid + Math.PI * top * top, surface.Area, 1e-12);
        Assert.Equal(lid / surface.Area, Share(points, p => p.Z == -half), Tolerance);
        Assert.Equal((lid + lower) / surface.Area, Share(points, p => p.Z < 0), Tolerance);
        Assert.Equal(lid / 4 / surface.Area, Share(points, p => p.Z == -half && p.X * p.X + p.Y * p.Y < bottom * bottom / 4), Tolerance);
    }

    /// <summary>The outer half of a tube has the share 1/2 + r / (π R).</summary>
    [Fact]
    public void Ring()
    {
        var surface = new RingSurface(0.7, 0.3);
        CloudPoint[] points = Draw(surface);
        Assert.All(points, p => Assert.Equal(0.09, Tube(p.X, p.Y, p.Z), 1e-12));
        Assert.Equal(0.5 + 0.3 / (Math.PI * 0.7), Share(points, p => p.X * p.X + p.Y * p.Y > 0.49), Tolerance);
        Assert.Equal(0.5, Share(points, p => p.X > 0), Tolerance);
        Assert.Equal(4 * Math.PI * Math.PI * 0.7 * 0.3, surface.Area, 1e-12);
    }

    [Fact]
    public void Handle()
    {
        CloudPoint[] points = Draw(new HandleSurface(0.7, 0.3));
        Assert.All(points, p => Assert.True(p.X >= 0 && Math.Abs(Tube(p.X, p.Z, p.Y) - 0.09) < 1e-12, $"{p}"));
        Assert.Equal(0.5, Share(points, p => p.Z > 0), Tolerance);
    }

    private static double Tube(double x, double y, double up)
    {
        double around = Math.Sqrt(x * x + y * y) - 0.7;
        return around * around + up * up;
    }

    private static double Share(CloudPoint[] points, Func<CloudPoint, bool> isCounted) =>
        (double)points.Count(isCounted) / points.Length;

    private static CloudPoint[] Draw(CloudSurface surface)
    {
        var random = new PhiloxSequence(seed: 1, purpose: 0x74657374);
        var points = new CloudPoint[Count];
        for (int i = 0; i < Count; i++)
            points[i] = surface.Draw(ref random);
        return points;
    }
}
